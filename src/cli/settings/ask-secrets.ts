import type { ChannelInfo, CliContext, SecretInfo } from "../context.ts";
import { CommandFailed, misuse } from "../failure.ts";

export interface SecretOptions {
  readonly also: readonly string[];
  readonly stdin: boolean;
  readonly tokenEnv: readonly string[];
}

const mostSecretBytes = 65_536;

/** The secrets of an account as the file is to have them: typed or piped in, or the name of a variable. */
export async function askSecrets(
  context: CliContext,
  channel: ChannelInfo,
  options: SecretOptions & { readonly needed: readonly string[] },
): Promise<Readonly<Record<string, string>>> {
  const variables = readVariables(options.tokenEnv, channel);
  const wanted = channel.secrets.filter(
    ({ name }) => !variables.has(name) && (options.needed.includes(name) || options.also.includes(name)),
  );
  for (const name of options.also) secretOf(channel, name);
  const secrets = options.stdin ? await fromStdin(context, wanted) : await fromPrompt(context, wanted);
  const named = [...variables].map(([name, variable]) => [name, `\${${variable}}`] as const);
  return Object.fromEntries([...named, ...secrets]);
}

function secretOf(channel: ChannelInfo, name: string): SecretInfo {
  const secret = channel.secrets.find((one) => one.name === name);
  if (secret) return secret;
  const known = channel.secrets.map((one) => one.name).join(", ");
  throw misuse(`${channel.label} has no secret “${name}”.`, `It has: ${known}.`);
}

/** `NAME` is for the first secret, `<secret>=NAME` for that one. */
function readVariables(given: readonly string[], channel: ChannelInfo): ReadonlyMap<string, string> {
  return new Map(
    given.map((text) => {
      const [name, variable] = text.includes("=") ? text.split("=", 2) : [channel.secrets[0]?.name, text];
      if (!/^[A-Za-z_]\w*$/.test(variable ?? "")) throw misuse("--token-env names a variable.", "Like BOT_TOKEN.");
      return [secretOf(channel, name ?? "").name, variable ?? ""];
    }),
  );
}

async function fromStdin({ stdin }: CliContext, wanted: readonly SecretInfo[]): Promise<[string, string][]> {
  const lines = (await stdin.readAll(mostSecretBytes)).split(/\r?\n/).map((line) => line.trim());
  const given = lines.filter((line) => line !== "");
  if (given.length !== wanted.length) {
    const names = wanted.map(({ name }) => name).join(", ") || "nothing";
    throw misuse(`There are ${given.length} lines on stdin, and ${wanted.length} are wanted: ${names}.`, "One a line.");
  }
  return wanted.map(({ name }, at) => [name, given[at] ?? ""]);
}

async function fromPrompt(context: CliContext, wanted: readonly SecretInfo[]): Promise<[string, string][]> {
  if (wanted.length === 0) return [];
  if (!context.stdin.isTty) throw misuse("Nobody is here to ask for the token.", "Add --stdin or --token-env.");
  const ended = new AbortController();
  using held = new DisposableStack();
  const cancel = () => {
    ended.abort(notSet(130));
    held.dispose();
  };
  const editor = held.use(await context.openEditor({ onInterrupt: cancel, onEarlyLine: () => false }));
  context.signal.addEventListener("abort", cancel, { once: true });
  held.defer(() => context.signal.removeEventListener("abort", cancel));
  const answers: [string, string][] = [];
  for (const { name, description } of wanted) {
    await context.stderr.write(`${description}\n`);
    const answer = (await editor.askSecret(`${name}: `))?.trim();
    ended.signal.throwIfAborted();
    if (answer === undefined || answer === "") throw notSet(1);
    answers.push([name, answer]);
  }
  return answers;
}

function notSet(exitCode: number): CommandFailed {
  return new CommandFailed({ type: "notConfirmed", message: "Nothing was set.", exitCode });
}

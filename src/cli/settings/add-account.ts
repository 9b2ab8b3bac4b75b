import type { ChannelInfo, CliContext, SecretInfo } from "../context.ts";
import { CommandFailed, misuse } from "../failure.ts";
import { printAccountChange } from "./account-change.ts";
import { openForChange } from "./open-settings.ts";
import { parseSetting } from "./parse-setting.ts";

export interface AddOptions {
  readonly channel: string;
  readonly account: string;
  readonly also: readonly string[];
  readonly set: readonly string[];
  readonly stdin: boolean;
  readonly tokenEnv: readonly string[];
  readonly config: string | undefined;
  readonly json: boolean;
}

const mostSecretBytes = 65_536;

export async function addAccount(context: CliContext, options: AddOptions): Promise<number> {
  const { channel: id, account } = options;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(account)) {
    throw misuse(`“${account}” is no name for an account.`, "Take lower-case letters, digits, - and _.");
  }
  const channel = await findChannel(context, id);
  const variables = readVariables(options.tokenEnv, channel);
  const settings = readSettings(options.set, channel);
  const wanted = channel.secrets.filter(
    ({ name, isNeeded }) => !variables.has(name) && (isNeeded || options.also.includes(name)),
  );
  for (const name of options.also) secretOf(channel, name);
  const secrets = options.stdin ? await fromStdin(context, wanted) : await fromPrompt(context, wanted);
  const written = {
    ...settings,
    ...Object.fromEntries([...variables].map(([name, variable]) => [name, `\${${variable}}`])),
    ...Object.fromEntries(secrets),
  };
  const config = await openForChange(context, options);
  const section = account === "default" ? written : { accounts: { [account]: written } };
  const { changed } = await config.patch({ channels: { [id]: section } });
  return printAccountChange(context, { ...options, config, changed, did: "set" });
}

export async function findChannel(context: CliContext, id: string): Promise<ChannelInfo> {
  const available = await context.channels.available();
  const channel = available.find((one) => one.id === id);
  if (channel) return channel;
  const known = available.map((one) => one.id).join(", ") || "none";
  throw misuse(`There is no channel “${id}” to set.`, `These can be set: ${known}.`);
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

function readSettings(given: readonly string[], channel: ChannelInfo): Record<string, unknown> {
  const entries = given.map((text): [string, unknown] => {
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    if (at < 1) throw misuse("--set wants key=value.", "Like --set mode=http.");
    if (channel.secrets.some((one) => one.name === name)) {
      throw misuse(`“${name}” is a secret, and others can see a command line.`, "Add --also, --stdin or --token-env.");
    }
    return [name, parseSetting(text.slice(at + 1))];
  });
  return Object.fromEntries(entries);
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

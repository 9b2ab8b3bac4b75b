import { checkPassword, hashPassword } from "#base";
import { configOption, defineCommand, jsonOption } from "../command.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed, misuse } from "../failure.ts";

const mostPasswordBytes = 4_096;

export const gatewayPassword = defineCommand({
  path: ["gateway", "password"],
  summary: "Set the password that clients show; the settings keep its hash alone.",
  options: {
    ...configOption,
    ...jsonOption,
    stdin: { type: "boolean", description: "Read it from stdin, one line." },
  },
  positionals: {},
  examples: ["openclaw gateway password", "openclaw gateway password --stdin < password.txt"],
  async run(context, { options }) {
    const { openForChange, printChange } = await import("../settings/open-settings.ts");
    const password = options.stdin ? await readLine(context) : await askTwice(context);
    const checked = checkPassword(password);
    if (!checked.ok) throw misuse(checked.because, "A sentence of a few words is easy to keep and hard to guess.");
    if (checked.warning !== undefined) await context.stderr.write(`warning: ${checked.warning}\n`);
    const path = "gateway.auth.password_hash";
    const config = await openForChange(context, options);
    const change = await config.set(path, await hashPassword(password));
    const exitCode = await printChange(context, { config, change, path, json: options.json });
    if (!options.json) await context.stdout.write(await nextStep(context, options.config));
    return exitCode;
  },
});

async function readLine({ stdin }: CliContext): Promise<string> {
  const text = (await stdin.readAll(mostPasswordBytes)).replace(/\r?\n$/, "");
  if (!/[\r\n]/.test(text)) return text;
  throw misuse("There is more than one line on stdin.", "Send the password alone.");
}

async function askTwice(context: CliContext): Promise<string> {
  if (!context.stdin.isTty) throw misuse("Nobody is here to ask for the password.", "Add --stdin.");
  const ended = new AbortController();
  using held = new DisposableStack();
  const cancel = () => {
    ended.abort(new CommandFailed({ type: "notConfirmed", message: "No password was set.", exitCode: 130 }));
    held.dispose();
  };
  const editor = held.use(await context.openEditor({ onInterrupt: cancel, onEarlyLine: () => false }));
  context.signal.addEventListener("abort", cancel, { once: true });
  held.defer(() => context.signal.removeEventListener("abort", cancel));
  const first = await editor.askSecret("New password: ");
  const second = first === undefined ? undefined : await editor.askSecret("The same again: ");
  ended.signal.throwIfAborted();
  if (first === undefined || second === undefined) {
    throw new CommandFailed({ type: "notConfirmed", message: "No password was set." });
  }
  if (first !== second) throw misuse("The two are not the same.", "Nothing was changed; try again.");
  return first;
}

async function nextStep(context: CliContext, file: string | undefined): Promise<string> {
  const { mode } = (await context.readClientSettings(file)).gateway.auth;
  if (mode === "password") return "";
  return `Clients are still asked by gateway.auth.mode = "${mode}"; \`${context.calledAs} config set gateway.auth.mode password\` asks for it.\n`;
}

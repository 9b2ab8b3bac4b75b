import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { type CliContext, Interrupted } from "../context.ts";
import { CommandFailed, misuse } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const sessionsDelete = defineCommand({
  path: ["sessions", "delete"],
  summary: "Take a conversation off the disk, for good.",
  options: {
    ...clientOptions,
    ...jsonOption,
    yes: { type: "boolean", short: "y", description: "Do not ask." },
  },
  positionals: { key: { description: "The session's key, as `openclaw sessions list` shows it." } },
  async run(context, { options, positionals: { key } }) {
    if (!options.yes && !(await isConfirmed(context, key))) {
      throw new CommandFailed({ type: "notConfirmed", message: "Nothing was deleted." });
    }
    const [{ openClient }, { Deleted }, { expectShape }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/sessions.ts"),
      import("../client/wire.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("sessions.delete", { sessionKey: key }, { signal: context.signal });
    const { deleted } = expectShape(Deleted, answer, "answer to sessions.delete");
    if (!deleted) {
      const advice = "`openclaw sessions list` shows those there are.";
      throw new CommandFailed({ type: "sessionNotFound", message: `There is no session “${key}”.`, advice });
    }
    await context.stdout.write(options.json ? `${safeJson(answer)}\n` : `Deleted ${safeLine(key)}.\n`);
    return 0;
  },
});

async function isConfirmed(context: CliContext, key: string): Promise<boolean> {
  if (!context.stdin.isTty) throw misuse("Deleting needs a yes, and nobody is here to ask.", "Add --yes.");
  using held = new DisposableStack();
  const interrupted = new AbortController();
  const cancel = () => {
    interrupted.abort(new Interrupted("SIGINT"));
    held.dispose();
  };
  const editor = held.use(await context.openEditor({ onInterrupt: cancel, onEarlyLine: () => true }));
  context.signal.addEventListener("abort", cancel, { once: true });
  held.defer(() => context.signal.removeEventListener("abort", cancel));
  const answer = await editor.ask(`Delete ${safeLine(key)} for good? [y/N] `);
  interrupted.signal.throwIfAborted();
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}

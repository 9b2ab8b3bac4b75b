import type { Command, RunResult } from "#sandbox";
import { Type } from "@sinclair/typebox";
import { defineTool, type ToolContext, type ToolOutput } from "./tool.ts";

const mostSeconds = 600;
const isWindows = process.platform === "win32";

export const bash = defineTool({
  name: "bash",
  description:
    "Runs a shell command in the workspace folder and returns what it prints (standard output and error together) and its exit code. " +
    "Each call is a new shell: folder and variables do not carry over, and what it leaves running is ended. There is no terminal and no input. " +
    "Use the read, edit, write and search tools for files; use this for everything else." +
    (isWindows ? " The shell is cmd.exe, and the command one line." : ""),
  params: Type.Object(
    {
      command: Type.String({ minLength: 1, maxLength: 30_000, description: "The command, as typed into a shell." }),
      timeoutSeconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: mostSeconds, description: "Ends the command after this time." }),
      ),
    },
    { additionalProperties: false },
  ),
  effect: "once",
  // Beyond what a command may ask for, so that it is the sandbox that ends it and says so.
  timeoutMs: (mostSeconds + 10) * 1_000,
  async run({ command, timeoutSeconds }, context) {
    if (command.includes("\0"))
      return { text: "The command holds a NUL character, which no shell takes.", failed: true };
    if (isWindows && /[\r\n]/.test(command.trim()))
      return { text: "cmd.exe takes one line; put && or & between the commands.", failed: true };
    const status = await context.sandbox.status();
    if (!status.canRun) return { text: `The command was not run. ${status.because}`, failed: true };
    const timeoutMs = timeoutSeconds === undefined ? context.limits.commandTimeoutMs : timeoutSeconds * 1_000;
    return runShell({ argv: shell(command), timeoutMs, keepBytes: keptBytes(context) }, context);
  },
});

async function runShell(command: Command, { sandbox, signal }: ToolContext): Promise<ToolOutput> {
  const result = await sandbox.run(command, signal);
  const printed = Bun.stripANSI(result.output).trimEnd();
  const ending = endings[result.endedBy](result, command);
  if (ending === undefined) return { text: printed || "(no output)" };
  return { text: printed ? `${printed}\n${ending}` : ending, failed: true };
}

/** What the model is told of the end; nothing of a good one. */
const endings: Readonly<Record<RunResult["endedBy"], (result: RunResult, command: Command) => string | undefined>> = {
  exit: ({ exitCode }) => (exitCode === 0 ? undefined : `[exit code ${exitCode}]`),
  signal: () => "[ended by a signal]",
  timeout: (_result, { timeoutMs }) => `[ended after ${timeoutMs / 1_000} seconds, its timeout]`,
  outputLimit: ({ outputBytes }) => `[ended because it printed too much: ${outputBytes} bytes]`,
  cancelled: () => "[cancelled]",
};

function shell(command: string): Command["argv"] {
  if (isWindows) return ["cmd.exe", "/d", "/s", "/c", command.trim()];
  // Models write bash; where there is none, what they write is mostly plain shell.
  return [
    "/bin/sh",
    "-c",
    'if command -v bash >/dev/null; then exec bash -c "$1"; else exec sh -c "$1"; fi',
    "sh",
    command,
  ];
}

/** Room is left for the marker of what was cut and for the ending. */
function keptBytes({ limits }: ToolContext): number {
  return limits.outputCharacters - 200;
}

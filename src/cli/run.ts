import { asCalled } from "./called-as.ts";
import type { AnyCommand } from "./command.ts";
import { type CliContext, Interrupted } from "./context.ts";
import { type Parsed, parseCommandLine } from "./parse.ts";
import { styleFor } from "./style.ts";

/** Does what a command line asks and returns the exit code: 0 done, 1 failed, 2 misused, 128 + n ended by a signal. Never throws. */
export async function runCommandLine(
  commands: readonly AnyCommand[],
  argv: readonly string[],
  context: CliContext,
): Promise<number> {
  try {
    return await act(commands, parseCommandLine(commands, argv), context);
  } catch (error) {
    return reportSafely(error, { wantsJson: wantsJson(argv), noColor: argv.includes("--no-color") }, context);
  }
}

async function act(commands: readonly AnyCommand[], parsed: Parsed, context: CliContext): Promise<number> {
  if (parsed.kind === "version") {
    await context.stdout.write(`openclaw ${context.version.version}\n`);
    return 0;
  }
  const { environment } = context;
  if (parsed.kind === "help") {
    const { renderHelp } = await import("./help.ts");
    const style = styleFor(context.stdout, { environment, noColor: parsed.noColor });
    await context.stdout.write(asCalled(context, renderHelp(commands, parsed.topic, style)));
    return 0;
  }
  const chosen = parsed.noColor ? { ...context, environment: { ...environment, NO_COLOR: "1" } } : context;
  return parsed.command.run(chosen, parsed.input);
}

interface ReportOptions {
  readonly wantsJson: boolean;
  readonly noColor: boolean;
}

/** Writing the report can fail too, when nobody reads any more: then there is nobody left to tell. */
async function reportSafely(error: unknown, options: ReportOptions, context: CliContext): Promise<number> {
  // `openclaw … | head` has what it wanted.
  if (isBrokenPipe(error)) return 0;
  if (context.signal.reason instanceof Interrupted) return context.signal.reason.exitCode;
  if (error instanceof Interrupted) return error.exitCode;
  try {
    return await report(error, options, context);
  } catch (unwritable) {
    if (isBrokenPipe(unwritable)) return 1;
    throw unwritable;
  }
}

async function report(
  failure: unknown,
  { wantsJson: asJson, noColor }: ReportOptions,
  context: CliContext,
): Promise<number> {
  const [{ explain }, { safeJson, safeText }] = await Promise.all([import("./explain.ts"), import("./safe-text.ts")]);
  const { type, exitCode, stack, ...said } = explain(failure);
  const [message, advice] = [asCalled(context, said.message), said.advice && asCalled(context, said.advice)];
  if (stack !== undefined) await context.stderr.write(`${safeText(stack)}\n`);
  if (asJson) {
    const document = { ok: false, error: { type, message: advice ? `${message} ${advice}` : message } };
    await context.stdout.write(`${safeJson(document)}\n`);
    return exitCode;
  }
  const style = styleFor(context.stderr, { environment: context.environment, noColor });
  await context.stderr.write(`${style.red("error:")} ${safeText(message)}\n${advice ? `${safeText(advice)}\n` : ""}`);
  return exitCode;
}

/** Read from the words themselves, since a command line that does not parse must answer as JSON too. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

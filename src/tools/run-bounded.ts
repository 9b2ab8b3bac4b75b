import { type Log, newId } from "#base";
import { JailError, SandboxError } from "#sandbox";
import type { Tool, ToolContext, ToolOutput } from "./tool.ts";

/** Runs a tool on checked arguments. Whatever becomes of it is an output; a bug is logged, and the model told its number. */
export async function runBounded(
  tool: Tool,
  args: unknown,
  context: ToolContext & { readonly log: Log },
): Promise<ToolOutput> {
  if (context.signal.aborted) return cancelled;
  const timeout = AbortSignal.timeout(tool.timeoutMs);
  const signal = AbortSignal.any([context.signal, timeout]);
  const gone = Promise.withResolvers<undefined>();
  let grace: Timer | undefined;
  signal.addEventListener("abort", () => (grace = setTimeout(gone.resolve, graceMs)), { once: true });
  const output = await Promise.race([outputOf(tool, args, { ...context, signal }), gone.promise]);
  clearTimeout(grace);
  if (output === undefined) context.log.warn("a tool did not end when it was told to", { tool: tool.name });
  if (output && output !== "stopped") return output;
  if (context.signal.aborted) return cancelled;
  return { text: `${tool.name} did not end within ${tool.timeoutMs / 1_000} seconds.`, failed: true };
}

/** A tool that is told to end gets this long to end what it started; the sandbox needs up to two seconds of it. */
const graceMs = 3_000;
const cancelled: ToolOutput = { text: "Cancelled.", failed: true };

/** `stopped` when it threw because it was told to end. */
async function outputOf(
  tool: Tool,
  args: unknown,
  context: ToolContext & { readonly log: Log },
): Promise<ToolOutput | "stopped"> {
  try {
    return await tool.run(args, context);
  } catch (error) {
    if (error instanceof JailError || error instanceof SandboxError)
      return { text: sentence(error.message), failed: true };
    if (context.signal.aborted) return "stopped";
    const incident = newId();
    context.log.error("a tool broke", { tool: tool.name, incident, error });
    return { text: `Something broke inside ${tool.name} (incident ${incident}).`, failed: true };
  }
}

function sentence(message: string): string {
  return /[.!?”]$/.test(message) ? message : `${message}.`;
}

import type { EventOf, SessionEvent } from "#protocol";
import type { TurnTools } from "./take-turn.ts";

/**
 * The results of calls that were begun before the gateway stopped, one at a time and in order. What may be done twice is
 * done again; of the others the model is told that nobody knows how they ended. Those that are left when the signal aborts get
 * no result here: whoever ends the turn has to give them one.
 */
export async function* finishCalls(
  tools: TurnTools,
  calls: readonly EventOf<"ToolCalled">[],
  signal: AbortSignal,
): AsyncGenerator<SessionEvent, void> {
  for (const { runId, callId, tool, params } of calls) {
    if (signal.aborted) return;
    const mayRepeat = tools.effectOf(tool) !== "once";
    const { text, failed, durationMs } = mayRepeat
      ? await tools.run({ id: callId, name: tool, args: params }, signal, runId)
      : outcomeUnknown;
    const result = { success: !failed, result: text, durationMs: Math.round(durationMs) };
    yield { kind: "ToolResult", runId, callId, tool, ...result };
  }
}

/** What is recorded of a call that nobody can finish any more: a call without a result would stand in the log for ever. */
export function unknownResult({ runId, callId, tool }: EventOf<"ToolCalled">): SessionEvent {
  const { text, failed, durationMs } = outcomeUnknown;
  return { kind: "ToolResult", runId, callId, tool, success: !failed, result: text, durationMs };
}

const outcomeUnknown = {
  text: "Outcome unknown: the gateway stopped while this ran. Look before you repeat it.",
  failed: true,
  durationMs: 0,
};

import type { StoredEvent } from "#protocol";
import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";

/** The `StateChanged` by which recovery marks that it takes a turn up again. */
const runResumed = "run.resumed";
const Resumed = Type.Object({ runId: Type.String() });

/** What an event does to the turns of its session. */
export type RunChange =
  | { readonly type: "begin" | "resume"; readonly runId: string }
  | { readonly type: "end"; readonly runId: string; readonly stopReason: string }
  | { readonly type: "endAll" };

export function runChangeOf({ event }: Pick<StoredEvent, "event">): RunChange | undefined {
  if (event.kind === "MessageReceived") return { type: "begin", runId: event.runId };
  if (event.kind === "StateChanged" && event.key === runResumed && Check(Resumed, event.value))
    return { type: "resume", runId: event.value.runId };
  if (event.kind === "AgentResponse" && event.stopReason !== "toolUse")
    return { type: "end", runId: event.runId, stopReason: event.stopReason };
  if (event.kind === "SessionEnded") return { type: "endAll" };
  return undefined;
}

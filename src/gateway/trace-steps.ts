import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { countOf, ordinal } from "#base";
import type { EventOf, StoredEvent, TraceStep } from "#protocol";
import type { TracedRun } from "./traced-run.ts";

/** The walk step by step, in the order of the log; what is only in the lanes or the outbox comes last. */
export function stepsOf({ events, outbox, active }: TracedRun): TraceStep[] {
  const told = events.flatMap((stored, at) => stepsAt(stored, events.slice(0, at)));
  const hasStarted = told.some(({ what }) => what === "started");
  const begunAt = hasStarted ? undefined : active?.begunAt;
  const tried = outbox.filter(({ attempts, deadAt }) => attempts > 0 && deadAt === undefined);
  return [
    ...told,
    ...(begunAt === undefined ? [] : [{ at: begunAt, what: "started" as const, about: "" }]),
    ...tried.map(({ nextAt, attempts, problem = "" }) => ({
      at: nextAt,
      what: "deliveryTried" as const,
      about: `${countOf(attempts, "time")}, the next time then; ${problem}`,
    })),
  ];
}

function stepsAt({ event, at, seq }: StoredEvent, before: readonly StoredEvent[]): TraceStep[] {
  const place = { at, seq };
  switch (event.kind) {
    case "MessageReceived":
      return [{ ...place, what: "received", about: `from ${event.sender} over ${event.from.channel}` }];
    case "ToolCalled":
      return [{ ...place, what: "toolCalled", about: event.tool }];
    case "ToolResult": {
      const about = `${event.tool}${event.success ? "" : `, failed: ${firstLine(event.result)}`}`;
      return [{ ...place, what: "toolResult", about, durationMs: event.durationMs }];
    }
    case "AgentResponse":
      return [...startOf(event, before), { ...place, ...answerOf(event), ...durationOf(event, at) }];
    case "MessageSent":
      return [{ ...place, what: "delivered", about: `as ${event.messageId} over ${event.to.channel}` }];
    case "StateChanged":
      return changeOf(event, place);
    case "SessionEnded":
      return [{ ...place, what: "cancelled", about: `the session was ${event.reason}` }];
    case "SessionStarted":
      return [];
  }
}

/** The log has no event of its own for the start, which would cost each turn a write: the first answer says when it was asked for. */
function startOf({ askedAt }: EventOf<"AgentResponse">, before: readonly StoredEvent[]): TraceStep[] {
  if (askedAt === undefined || before.some(({ event }) => event.kind === "AgentResponse")) return [];
  return [{ at: askedAt, what: "started", about: "" }];
}

function answerOf(answer: EventOf<"AgentResponse">): Pick<TraceStep, "what" | "about"> {
  const { stopReason, provider, model, usage, problem, toolCalls } = answer;
  const by = model === "" ? "" : `${provider}/${model}, ${countOf(usage.input, "token")} in, ${usage.output} out`;
  switch (stopReason) {
    case "toolUse":
      return { what: "toolsAsked", about: `${by}: ${toolCalls.map(({ name }) => name).join(", ")}` };
    case "stop":
      return { what: "answered", about: by };
    case "length":
      return { what: "answered", about: `${by}, cut off by its limit` };
    case "aborted":
      return { what: "cancelled", about: by };
    case "error":
      return { what: "failed", about: `${problem?.kind ?? "unknown"}: ${problem?.message ?? ""}` };
  }
}

function durationOf({ askedAt }: EventOf<"AgentResponse">, at: number): Pick<TraceStep, "durationMs"> {
  return askedAt === undefined ? {} : { durationMs: Math.max(0, at - askedAt) };
}

const Told = Type.Object({
  attempt: Type.Optional(Type.Integer()),
  attempts: Type.Optional(Type.Integer()),
  problem: Type.Optional(Type.String()),
});

/** The state changes that are steps of a message, and how they are told. */
const changes: Readonly<Record<string, { readonly what: TraceStep["what"]; readonly about: string }>> = {
  "run.resumed": { what: "resumed", about: "after the gateway had stopped" },
  "delivery.edited": { what: "deliveryEdited", about: "into the message that had shown it growing" },
  "delivery.withdrawn": { what: "deliveryWithdrawn", about: "what had been shown of an answer was taken away" },
  "delivery.uncertain": { what: "deliveryUncertain", about: "an earlier try may have arrived too" },
  "delivery.failed": { what: "deliveryFailed", about: "given up" },
  "delivery.replayed": { what: "deliveryReplayed", about: "put back into the queue" },
  "delivery.dropped": { what: "deliveryDropped", about: "taken away" },
};

function changeOf({ key, value }: EventOf<"StateChanged">, place: Pick<TraceStep, "at" | "seq">): TraceStep[] {
  const step = changes[key];
  if (!step || !Check(Told, value)) return [];
  const { attempt, attempts, problem } = value;
  const more = [
    ...(attempt === undefined ? [] : [`for the ${ordinal(attempt)} time`]),
    ...(attempts === undefined ? [] : [`after ${countOf(attempts, "try", "tries")}`]),
    ...(problem === undefined ? [] : [problem]),
  ];
  return [{ ...place, what: step.what, about: [step.about, ...more].join(", ") }];
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 200);
}

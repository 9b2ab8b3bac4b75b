import { countOf } from "#base";
import {
  addUsage,
  type EventOf,
  type MessageState,
  type MessageTrace,
  noUsage,
  ownAnswer,
  terminalStates,
} from "#protocol";
import type { StoredEvent, Usage } from "#protocol";
import type { ModelPrice } from "./house.ts";
import { stepsOf } from "./trace-steps.ts";
import type { TracedRun } from "./traced-run.ts";

/** Tells the walk of a message. Holds nothing that the log, the outbox or the lanes do not say. */
export function traceOf(known: TracedRun): MessageTrace {
  const { run, events, isCut } = known;
  const state = stateOf(known);
  const received = events.find(({ event }) => event.kind === "MessageReceived")?.event;
  const models = modelsOf(known);
  const costs = models.map(({ costUsd }) => costUsd);
  return {
    runId: run.runId,
    messageId: received?.kind === "MessageReceived" ? received.messageId : run.runId,
    sessionKey: run.key,
    sessionId: run.sessionId,
    state,
    isTerminal: terminalStates.has(state),
    receivedAt: run.startedAt,
    steps: stepsOf(known),
    isCut,
    waits: waitsOf(known),
    models,
    costUsd: costs.includes("unknown") ? "unknown" : sum(costs.filter((cost) => cost !== "unknown")),
    outstanding: outstandingOf(known),
  };
}

function stateOf(known: TracedRun): MessageState {
  const { run, events, active } = known;
  if (run.endedAt === undefined) {
    const hasBegun = events.some(({ event }) => event.kind === "AgentResponse");
    return active?.status === "running" || hasBegun ? "started" : "received";
  }
  if (run.stopReason === "aborted") return "cancelled";
  if (run.stopReason === "error") return "failed";
  return deliveryOf(known);
}

function deliveryOf({ events, outbox, followsLog }: TracedRun): MessageState {
  const answer = answerIn(events);
  if (followsLog || answer?.event.text === "" || events.some(({ event }) => event.kind === "MessageSent"))
    return "delivered";
  const isGivenUp =
    outbox.some((row) => row.deadAt !== undefined) || stateChanges(events, "delivery.dropped").length > 0;
  return isGivenUp ? "deadLettered" : "answered";
}

function outstandingOf({ run, events, outbox, active }: TracedRun): string[] {
  const owed: string[] = [];
  if (run.endedAt === undefined) {
    const where = active ? `is ${active.status}` : "waits to be taken up again";
    owed.push(`an answer: the turn ${where}`);
    const results = new Set(events.flatMap(({ event }) => (event.kind === "ToolResult" ? [event.callId] : [])));
    for (const { event } of events)
      if (event.kind === "ToolCalled" && !results.has(event.callId)) owed.push(`the result of ${event.tool}`);
  }
  for (const { id, attempts, nextAt, deadAt, problem } of outbox) {
    const why = problem === undefined ? "" : `: ${problem}`;
    if (deadAt === undefined) {
      owed.push(`delivery ${id}, tried ${countOf(attempts, "time")}, next at ${new Date(nextAt).toISOString()}${why}`);
    } else owed.push(`delivery ${id}, given up after ${countOf(attempts, "try", "tries")}${why}; replay or drop it`);
  }
  return owed;
}

function waitsOf({ run, events, active }: TracedRun): MessageTrace["waits"] {
  const responses = events.flatMap(({ event, at }) => (event.kind === "AgentResponse" ? [{ ...event, at }] : []));
  const results = events.flatMap(({ event }) => (event.kind === "ToolResult" ? [event.durationMs] : []));
  const begunAt = responses[0]?.askedAt ?? active?.begunAt;
  const answeredAt = answerIn(events)?.at;
  const sentAt = events.findLast(({ event }) => event.kind === "MessageSent")?.at;
  return {
    ...(begunAt !== undefined && { queueMs: Math.max(0, begunAt - run.startedAt) }),
    modelMs: sum(responses.map(({ at, askedAt = at }) => Math.max(0, at - askedAt))),
    toolsMs: sum(results),
    ...(answeredAt !== undefined && sentAt !== undefined && { deliveryMs: Math.max(0, sentAt - answeredAt) }),
  };
}

function modelsOf({ events, priceOf }: TracedRun): MessageTrace["models"] {
  const used = new Map<string, { provider: string; model: string; calls: number; usage: Usage }>();
  for (const { event } of events) {
    if (event.kind !== "AgentResponse" || !hasAsked(event)) continue;
    const { provider, model, usage } = event;
    const id = JSON.stringify([provider, model]);
    const before = used.get(id) ?? { provider, model, calls: 0, usage: noUsage };
    used.set(id, { ...before, calls: before.calls + 1, usage: addUsage(before.usage, usage) });
  }
  return [...used.values()].map((one) => ({ ...one, costUsd: costOf(one.usage, priceOf(one.provider, one.model)) }));
}

/** Some answers are the gateway's own, and some turns end before a model is asked. */
function hasAsked({ provider, model }: EventOf<"AgentResponse">): boolean {
  return model !== "" && !(provider === ownAnswer.provider && model === ownAnswer.model);
}

function costOf(usage: Usage, price: ModelPrice | undefined): number | "unknown" {
  if (!price) return "unknown";
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  const parts = [
    usage.input * input,
    usage.output * output,
    usage.cacheRead * cacheRead,
    usage.cacheWrite * cacheWrite,
  ];
  return sum(parts) / 1_000_000;
}

/** What ended the turn. */
export function answerIn(
  events: readonly StoredEvent[],
): { readonly at: number; readonly event: EventOf<"AgentResponse"> } | undefined {
  const found = events.findLast(({ event }) => event.kind === "AgentResponse" && event.stopReason !== "toolUse");
  return found?.event.kind === "AgentResponse" ? { at: found.at, event: found.event } : undefined;
}

function stateChanges(events: readonly StoredEvent[], key: string): readonly StoredEvent[] {
  return events.filter(({ event }) => event.kind === "StateChanged" && event.key === key);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

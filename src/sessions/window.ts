import type { EventOf, SessionEvent, StoredEvent } from "#protocol";

/** The events that the conversation is made of. */
export type Said =
  | EventOf<"MessageReceived">
  | EventOf<"AgentResponse">
  | EventOf<"ToolResult">
  | EventOf<"MessageSent">;

interface Entry {
  readonly seq: number;
  readonly event: Said;
  readonly weight: number;
}

/**
 * The newest events of the conversation, in the order of the log: the longest such end of it that is within the bounds,
 * and always the last event. It depends on the log alone, so a session that was forgotten and read again has the same.
 */
export interface Window {
  readonly entries: readonly Entry[];
  /** In UTF-16 units, about. */
  readonly weight: number;
}

/** `depth` is how far back in the log it reaches, whatever the events: opening a session reads no more than that. */
export const windowBounds = { entries: 400, weight: 1_048_576, depth: 2_000 } as const;
const entryOverhead = 200;
const fileOverhead = 200;

export const emptyWindow: Window = { entries: [], weight: 0 };

export function addToWindow(window: Window, { seq, event }: Pick<StoredEvent, "seq" | "event">): Window {
  const said = saidBy(event);
  if (!said) return trimmed(window, seq);
  const entry = { seq, event: said, weight: weigh(said) };
  return trimmed({ entries: [...window.entries, entry], weight: window.weight + entry.weight }, seq);
}

/** Is there more than the window can hold? Then what came before these events does not matter to it. */
export function fillsWindow(events: readonly Pick<StoredEvent, "event">[]): boolean {
  const weights = events.map(({ event }) => saidBy(event)).flatMap((said) => (said ? [weigh(said)] : []));
  return weights.length > windowBounds.entries || weights.reduce((a, b) => a + b, 0) > windowBounds.weight;
}

function trimmed({ entries, weight }: Window, seq: number): Window {
  let left = weight;
  const from = entries.findIndex((entry, i) => {
    if (entry.seq === seq || isWithin({ count: entries.length - i, weight: left, depth: seq - entry.seq })) return true;
    left -= entry.weight;
    return false;
  });
  if (from === 0) return { entries, weight };
  return from < 0 ? emptyWindow : { entries: entries.slice(from), weight: left };
}

function isWithin({ count, weight, depth }: { count: number; weight: number; depth: number }): boolean {
  return count <= windowBounds.entries && weight <= windowBounds.weight && depth < windowBounds.depth;
}

/** Undefined when the event is nothing that was said: a delivered answer was said before. */
export function saidBy(event: SessionEvent): Said | undefined {
  switch (event.kind) {
    case "MessageReceived":
    case "AgentResponse":
    case "ToolResult":
      return event;
    case "MessageSent":
      return event.runId === undefined ? event : undefined;
    case "SessionStarted":
    case "ToolCalled":
    case "StateChanged":
    case "SessionEnded":
      return undefined;
  }
}

function weigh(said: Said): number {
  if (said.kind === "ToolResult") return entryOverhead + said.result.length;
  if (said.kind === "MessageReceived" && said.files)
    return entryOverhead + said.text.length + fileOverhead * said.files.length;
  if (said.kind !== "AgentResponse" || said.toolCalls.length === 0) return entryOverhead + said.text.length;
  return entryOverhead + said.text.length + JSON.stringify(said.toolCalls).length;
}

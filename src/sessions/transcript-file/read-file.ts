import { noUsage, type SessionEvent } from "#protocol";
import type { NewEvent } from "#storage";
import { Check } from "@sinclair/typebox/value";
import { branchOf } from "./branch.ts";
import { Entry, Header } from "./entry.ts";
import { type CurrentTurn, readEntry } from "./read-entry.ts";

/** A session as a file tells it. */
export interface ReadFile {
  readonly sessionId: string;
  readonly events: readonly NewEvent[];
  /** Entries that mean nothing here and were kept for the next export, by type. */
  readonly kept: Readonly<Record<string, number>>;
  /** Entries on other branches than the conversation's. */
  readonly leftOut: number;
  readonly lostBlocks: number;
  /** Turns without an ending, which were ended. */
  readonly endedTurns: number;
}

export type FileReading =
  | { readonly ok: true; readonly file: ReadFile }
  | { readonly ok: false; readonly because: string };

interface Target {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
}

export function readFile(header: Header, entries: readonly Entry[], target: Target): FileReading {
  const begun = Date.parse(header.timestamp);
  if (!Number.isFinite(begun)) return { ok: false, because: "its header has no time" };
  const branch = branchOf(entries);
  if (!branch.ok) return branch;
  const told = tell(branch.entries, { ...target, begun });
  if (!told.ok) return told;
  const { events, kept, lostBlocks } = told;
  if (events[0]?.event.kind !== "SessionStarted")
    events.unshift({ id: `${header.id}-started`, at: begun, event: { kind: "SessionStarted", ...target } });
  const endings = endingsOf(events);
  const counts = { kept, leftOut: branch.besides, lostBlocks, endedTurns: endings.length };
  return { ok: true, file: { sessionId: header.id, events: [...events, ...endings], ...counts } };
}

type Told =
  | {
      readonly ok: true;
      readonly events: NewEvent[];
      readonly kept: Readonly<Record<string, number>>;
      readonly lostBlocks: number;
    }
  | { readonly ok: false; readonly because: string };

/** The entries of one branch as events. */
function tell(entries: readonly Entry[], target: Target & { readonly begun: number }): Told {
  const turn: CurrentTurn = { runId: undefined };
  const events: NewEvent[] = [];
  const kept: Record<string, number> = {};
  let lostBlocks = 0;
  for (const [n, entry] of entries.entries()) {
    const id = entry.id ?? `entry-${n + 1}`;
    const read = readEntry(entry, { id, key: target.key }, turn);
    const at = entry.timestamp === undefined ? target.begun : Date.parse(entry.timestamp);
    if (!read) return { ok: false, because: `the entry ${id} is damaged` };
    if (!Number.isFinite(at)) return { ok: false, because: `the entry ${id} has no time` };
    if (events.at(-1)?.event.kind === "SessionEnded") return { ok: false, because: "it goes on after its end" };
    if (read.isKept) kept[entry.type] = (kept[entry.type] ?? 0) + 1;
    lostBlocks += read.lostBlocks;
    events.push({ id, at, event: events.length === 0 ? opened(read.event, target) : read.event });
  }
  return { ok: true, events, kept, lostBlocks };
}

/** A session may be imported under another key than it had. */
function opened(event: SessionEvent, { key, agentId }: Target): SessionEvent {
  return event.kind === "SessionStarted" ? { ...event, key, agentId } : event;
}

/** No model said it; who asked is still part of the conversation. */
const ended = { provider: "openclaw", model: "import" } as const;

/** A turn that is open in the file must not be taken up here: who had asked would be answered by another gateway. */
function endingsOf(events: readonly NewEvent[]): readonly NewEvent[] {
  const last = events.at(-1);
  if (!last || last.event.kind === "SessionEnded") return [];
  const open = new Set<string>();
  for (const { event } of events) {
    if (event.kind === "MessageReceived") open.add(event.runId);
    if (event.kind === "AgentResponse" && event.stopReason !== "toolUse") open.delete(event.runId);
  }
  return Array.from(open, (runId, n): NewEvent => ({
    id: `${last.id}-ended-${n + 1}`,
    at: last.at,
    event: { kind: "AgentResponse", runId, text: "", toolCalls: [], stopReason: "aborted", usage: noUsage, ...ended },
  }));
}

export function parseHeader(line: string): Header | undefined {
  const parsed = parse(line);
  return Check(Header, parsed) ? parsed : undefined;
}

export function parseEntry(line: string): Entry | undefined {
  const parsed = parse(line);
  return Check(Entry, parsed) ? parsed : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // no JSON is no line of such a file
  }
}

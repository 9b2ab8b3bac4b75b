import type { StoredEvent } from "#protocol";
import { decodeEvent } from "./event-text.ts";
import { BrokenChain, linkHash, rootHash } from "./hash-chain.ts";
import type { EventRange } from "./storage.ts";

/** An event as the tables hold it. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly parent_id: string | null;
  readonly kind: string;
  readonly data: string;
  readonly hash: string;
}

/** The events that a range asks for, once it is known where the log ends. */
export interface EventWindow {
  readonly sessionId: string;
  readonly start: number;
  readonly count: number;
  /** Present when the window reaches the end of the log. */
  readonly headHash: string | undefined;
}

export function windowOf(
  head: { readonly sessionId: string; readonly seq: number; readonly hash: string },
  range: EventRange,
): EventWindow {
  const after = Math.max(0, range.after ?? 0);
  const before = Math.min(range.before ?? Infinity, head.seq + 1);
  const count = Math.max(0, Math.min(range.limit, before - after - 1));
  const start = range.take === "first" ? after + 1 : before - count;
  return { sessionId: head.sessionId, start, count, headHash: head.seq < start + count ? head.hash : undefined };
}

/** Believes no event whose hash does not fit its place in the chain. `hashBefore` belongs to the event before the first of them. */
export function verifyWindow(
  { sessionId, start, count, headHash }: EventWindow,
  rows: readonly EventRow[],
  hashBefore: string | undefined,
): StoredEvent[] {
  let previousHash = start === 1 ? rootHash : hashBefore;
  const events: StoredEvent[] = [];
  for (let seq = start; seq < start + count; seq++) {
    const row = rows[seq - start];
    if (previousHash === undefined || row?.seq !== seq)
      throw new BrokenChain({ sessionId, seq }, "an event is missing");
    events.push(believed(sessionId, previousHash, row));
    previousHash = row.hash;
  }
  if (headHash !== undefined && headHash !== previousHash)
    throw new BrokenChain({ sessionId, seq: start + count - 1 }, "it is not the event the log ended with");
  return events;
}

function believed(sessionId: string, previousHash: string, row: EventRow): StoredEvent {
  const { seq, id, at, kind, data, hash } = row;
  const parent = row.parent_id === null ? {} : { parentId: row.parent_id };
  if (linkHash(previousHash, { sessionId, seq, id, at, ...parent, kind, data }) !== hash)
    throw new BrokenChain({ sessionId, seq }, "its hash does not fit");
  return { id, sessionId, seq, at, ...parent, hash, event: decodeEvent(data) };
}

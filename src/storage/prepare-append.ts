import type { Address, SessionEvent, StoredEvent } from "#protocol";
import { encodeEvent } from "./event-text.ts";
import { linkHash, rootHash } from "./hash-chain.ts";
import type { Append, NewEvent } from "./storage.ts";

export type AppendPart = Omit<Append, "receipt" | "successor">;

/** An event whose text is made already: what the caller changes afterwards does not reach the log. */
export type EncodedEvent = NewEvent & { readonly text: string };

export interface PreparedPart {
  readonly part: AppendPart;
  readonly events: readonly EncodedEvent[];
}

/** Where a log ends. */
export interface LogHead {
  readonly seq: number;
  readonly hash: string;
  readonly id: string | null;
}

export const emptyLog: LogHead = { seq: 0, hash: rootHash, id: null };

/** The parts of an append in the order they are written, their events as texts. Throws when one of them is no event. */
export function prepareParts(append: Append): readonly PreparedPart[] {
  return [prepared(append), ...(append.successor ? [prepared(append.successor)] : [])];
}

/** The event as it stands behind the head of its log. */
export function linkEvent(sessionId: string, head: LogHead, one: EncodedEvent): StoredEvent {
  const { id, at, event, text } = one;
  const seq = head.seq + 1;
  const parent = head.id === null ? {} : { parentId: head.id };
  const hash = linkHash(head.hash, { sessionId, seq, id, at, ...parent, kind: event.kind, data: text });
  return { id, sessionId, seq, at, ...parent, hash, event };
}

/** One spelling of one address. */
export function addressText({ channel, account, chat, thread }: Address): string {
  return JSON.stringify({ channel, account, chat, thread });
}

function prepared(part: AppendPart): PreparedPart {
  if (part.events.slice(0, -1).some(({ event }) => isEnd(event)))
    throw new Error("nothing can follow the end of a session");
  return { part, events: part.events.map(({ id, at, event }) => ({ id, at, ...encodeEvent(event) })) };
}

function isEnd(event: SessionEvent): boolean {
  return event.kind === "SessionEnded";
}

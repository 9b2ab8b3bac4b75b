import type { StoredEvent } from "#protocol";
import { decodeEvent } from "../event-text.ts";
import { BrokenChain, linkHash, rootHash } from "../hash-chain.ts";
import type { EventRange, SentPlace } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly parent_id: string | null;
  readonly kind: string;
  readonly data: string;
  readonly hash: string;
}

const columns = "seq, id, at, parent_id, kind, data, hash";

/** Reads events, and believes none whose hash does not fit its place in the chain. */
export class EventLog {
  readonly #first: Lazy<EventRow, [string, number, number, number]>;
  readonly #last: Lazy<EventRow, [string, number, number, number]>;
  readonly #hashAt: Lazy<{ readonly hash: string }, [string, number]>;
  readonly #sent: Lazy<SentPlace, [string, number]>;
  readonly #head: Lazy<{ readonly head_seq: number; readonly head_hash: string }, [string]>;

  constructor(connection: Connection) {
    const range = "session_id = ? AND seq > ? AND seq < ?";
    this.#first = connection.statement(`SELECT ${columns} FROM events WHERE ${range} ORDER BY seq LIMIT ?`);
    this.#last = connection.statement(`SELECT ${columns} FROM events WHERE ${range} ORDER BY seq DESC LIMIT ?`);
    this.#hashAt = connection.statement("SELECT hash FROM events WHERE session_id = ? AND seq = ?");
    this.#sent = connection.statement(
      `SELECT session_id AS sessionId, key, seq FROM events JOIN sessions ON sessions.id = session_id
         WHERE kind = 'MessageSent' AND json_extract(data, '$.messageId') = ? AND purged = 0 ORDER BY at DESC LIMIT ?`,
    );
    this.#head = connection.statement("SELECT head_seq, head_hash FROM sessions WHERE id = ? AND purged = 0");
  }

  sent(messageId: string, limit: number): readonly SentPlace[] {
    return this.#sent().all(messageId, Math.max(0, limit));
  }

  read(sessionId: string, range: EventRange): readonly StoredEvent[] {
    const head = this.#head().get(sessionId);
    if (!head) return [];
    const after = Math.max(0, range.after ?? 0);
    const before = Math.min(range.before ?? Infinity, head.head_seq + 1);
    const count = Math.max(0, Math.min(range.limit, before - after - 1));
    if (count === 0) return [];
    const start = range.take === "first" ? after + 1 : before - count;
    const rows =
      range.take === "first"
        ? this.#first().all(sessionId, after, before, count)
        : this.#last().all(sessionId, after, before, count).toReversed();
    return this.#verified(
      { sessionId, start, count, headHash: head.head_seq < start + count ? head.head_hash : undefined },
      rows,
    );
  }

  #verified(expected: Expected, rows: readonly EventRow[]): StoredEvent[] {
    const { sessionId, start, count, headHash } = expected;
    let previousHash = start === 1 ? rootHash : this.#hashAt().get(sessionId, start - 1)?.hash;
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
}

interface Expected {
  readonly sessionId: string;
  readonly start: number;
  readonly count: number;
  /** Present when the range reaches the end of the log. */
  readonly headHash: string | undefined;
}

function believed(sessionId: string, previousHash: string, row: EventRow): StoredEvent {
  const { seq, id, at, kind, data, hash } = row;
  const parent = row.parent_id === null ? {} : { parentId: row.parent_id };
  if (linkHash(previousHash, { sessionId, seq, id, at, ...parent, kind, data }) !== hash)
    throw new BrokenChain({ sessionId, seq }, "its hash does not fit");
  return { id, sessionId, seq, at, ...parent, hash, event: decodeEvent(data) };
}

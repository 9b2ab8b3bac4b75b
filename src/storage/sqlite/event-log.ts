import type { StoredEvent } from "#protocol";
import { type EventRow, verifyWindow, windowOf } from "../event-window.ts";
import type { EventRange, SentPlace } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

const columns = "seq, id, at, parent_id, kind, data, hash";

/** Reads events, and believes none whose hash does not fit its place in the chain. */
export class EventLog {
  readonly #window: Lazy<EventRow, [string, number, number]>;
  readonly #hashAt: Lazy<{ readonly hash: string }, [string, number]>;
  readonly #sent: Lazy<SentPlace, [string, number]>;
  readonly #head: Lazy<{ readonly seq: number; readonly hash: string }, [string]>;

  constructor(connection: Connection) {
    this.#window = connection.statement(
      `SELECT ${columns} FROM events WHERE session_id = ? AND seq >= ? AND seq < ? ORDER BY seq`,
    );
    this.#hashAt = connection.statement("SELECT hash FROM events WHERE session_id = ? AND seq = ?");
    this.#sent = connection.statement(
      `SELECT session_id AS sessionId, key, seq FROM events JOIN sessions ON sessions.id = session_id
         WHERE kind = 'MessageSent' AND json_extract(data, '$.messageId') = ? AND purged = 0 ORDER BY at DESC LIMIT ?`,
    );
    this.#head = connection.statement(
      "SELECT head_seq AS seq, head_hash AS hash FROM sessions WHERE id = ? AND purged = 0",
    );
  }

  sent(messageId: string, limit: number): readonly SentPlace[] {
    return this.#sent().all(messageId, Math.max(0, limit));
  }

  read(sessionId: string, range: EventRange): readonly StoredEvent[] {
    const head = this.#head().get(sessionId);
    if (!head) return [];
    const window = windowOf({ sessionId, ...head }, range);
    const { start, count } = window;
    if (count === 0) return [];
    const rows = this.#window().all(sessionId, start, start + count);
    return verifyWindow(window, rows, start === 1 ? undefined : this.#hashAt().get(sessionId, start - 1)?.hash);
  }
}

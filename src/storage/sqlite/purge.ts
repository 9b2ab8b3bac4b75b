import type { Connection, Lazy } from "./connection.ts";

const eventsAtOnce = 500;

/** Takes sessions off the disk: hidden and without its small tables at once, then its events bit by bit, so that a long log stops nobody. */
export class Purge {
  readonly #hide: Lazy<unknown, [number, string]>;
  readonly #dependents: readonly Lazy<unknown, [string]>[];
  readonly #events: Lazy<unknown, [string, string, number]>;
  readonly #left: Lazy<unknown, [string]>;
  readonly #session: Lazy<unknown, [string]>;
  readonly #unfinished: Lazy<{ readonly id: string }, []>;

  constructor(connection: Connection) {
    this.#hide = connection.statement(
      "UPDATE sessions SET purged = 1, ended_at = coalesce(ended_at, ?), projection = '' WHERE id = ?",
    );
    this.#dependents = ["receipts", "runs", "outbox"].map((table) =>
      connection.statement(`DELETE FROM ${table} WHERE session_id = ?`),
    );
    this.#events = connection.statement(
      `DELETE FROM events WHERE session_id = ? AND seq < (SELECT min(seq) FROM events WHERE session_id = ?) + ?`,
    );
    this.#left = connection.statement("SELECT 1 FROM events WHERE session_id = ? LIMIT 1");
    this.#session = connection.statement("DELETE FROM sessions WHERE id = ?");
    this.#unfinished = connection.statement("SELECT id FROM sessions WHERE purged = 1");
  }

  begin(sessionId: string, now: number): void {
    this.#hide().run(now, sessionId);
    for (const dependents of this.#dependents) dependents().run(sessionId);
  }

  /** True when nothing is left. */
  proceed(sessionId: string): boolean {
    this.#events().run(sessionId, sessionId, eventsAtOnce);
    if (this.#left().get(sessionId)) return false;
    this.#session().run(sessionId);
    return true;
  }

  unfinished(): readonly string[] {
    return this.#unfinished()
      .all()
      .map(({ id }) => id);
  }
}

import type { StoredEvent } from "#protocol";
import { runChangeOf } from "../run-events.ts";
import type { RunRow } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

interface Found {
  readonly n: number;
  readonly runId: string;
  readonly sessionId: string;
  readonly key: string;
  readonly seq: number;
  readonly resumed: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly stopReason: string | null;
}

const mostListed = 1_000;

interface OpenPage {
  readonly after?: number;
  readonly key?: string;
  readonly limit?: number;
}

/** The turns, derived from the events in the transaction that writes them. */
export class Runs {
  readonly #begin: Lazy<unknown, [string, string, number, number]>;
  readonly #resume: Lazy<unknown, [string, string]>;
  readonly #end: Lazy<unknown, [number, string, string, string]>;
  readonly #endAll: Lazy<unknown, [number, string]>;
  readonly #find: Lazy<Found, [string]>;
  readonly #open: Lazy<Found, [number, string | null, string | null, number]>;

  constructor(connection: Connection) {
    const select = `SELECT n, run_id AS runId, session_id AS sessionId, key, seq, resumed,
        started_at AS startedAt, runs.ended_at AS endedAt, stop_reason AS stopReason FROM runs JOIN sessions ON sessions.id = session_id`;
    // A message that joins a turn which had ended opens it again: it is owed an answer.
    this.#begin = connection.statement(
      `INSERT INTO runs (run_id, session_id, seq, started_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (run_id, session_id) DO UPDATE SET ended_at = NULL, stop_reason = NULL`,
    );
    this.#resume = connection.statement(
      "UPDATE runs SET resumed = resumed + 1 WHERE run_id = ? AND session_id = ? AND ended_at IS NULL",
    );
    this.#end = connection.statement(
      "UPDATE runs SET ended_at = ?, stop_reason = ? WHERE run_id = ? AND session_id = ? AND ended_at IS NULL",
    );
    this.#endAll = connection.statement(
      "UPDATE runs SET ended_at = ?, stop_reason = 'aborted' WHERE session_id = ? AND ended_at IS NULL",
    );
    this.#find = connection.statement(`${select} WHERE run_id = ? ORDER BY n DESC LIMIT 1`);
    this.#open = connection.statement(
      `${select} WHERE runs.ended_at IS NULL AND n > ? AND (? IS NULL OR key = ?) ORDER BY n LIMIT ?`,
    );
  }

  follow(stored: StoredEvent): void {
    const change = runChangeOf(stored);
    if (!change) return;
    const { sessionId, seq, at } = stored;
    switch (change.type) {
      case "begin":
        return void this.#begin().run(change.runId, sessionId, seq, at);
      case "resume":
        return void this.#resume().run(change.runId, sessionId);
      case "end":
        return void this.#end().run(at, change.stopReason, change.runId, sessionId);
      case "endAll":
        return void this.#endAll().run(at, sessionId);
    }
  }

  find(runId: string): RunRow | undefined {
    const found = this.#find().get(runId);
    return found ? runRow(found) : undefined;
  }

  open({ after = 0, key, limit = mostListed }: OpenPage = {}): readonly RunRow[] {
    return this.#open()
      .all(after, key ?? null, key ?? null, Math.max(0, limit))
      .map(runRow);
  }
}

function runRow({ endedAt, stopReason, ...row }: Found): RunRow {
  return { ...row, ...(endedAt === null ? {} : { endedAt }), ...(stopReason === null ? {} : { stopReason }) };
}

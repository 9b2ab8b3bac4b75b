import type { Clock } from "#base";
import type { NewReceipt, Receipt } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

export class Receipts {
  readonly #clock: Clock;
  readonly #find: Lazy<Receipt, [string, string]>;
  readonly #insert: Lazy<unknown, [string, string, string, string, string, number]>;
  readonly #sweep: Lazy<unknown, [number, number]>;

  constructor(connection: Connection, clock: Clock) {
    this.#clock = clock;
    this.#find = connection.statement(
      `SELECT scope, key, request_hash AS requestHash, run_id AS runId, session_id AS sessionId, at
         FROM receipts WHERE scope = ? AND key = ?`,
    );
    this.#insert = connection.statement(
      "INSERT INTO receipts (scope, key, request_hash, run_id, session_id, at) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#sweep = connection.statement(
      "DELETE FROM receipts WHERE (scope, key) IN (SELECT scope, key FROM receipts WHERE at < ? ORDER BY at LIMIT ?)",
    );
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }

  find(scope: string, key: string): Receipt | undefined {
    return this.#find().get(scope, key) ?? undefined;
  }

  insert({ scope, key, requestHash, runId }: NewReceipt, sessionId: string): void {
    this.#insert().run(scope, key, requestHash, runId, sessionId, this.#clock.now());
  }
}

import type { Clock } from "#base";
import type { DamagedRows } from "../damaged-rows.ts";
import { newReceiptRow, type ReceiptRecord, receiptOf } from "../rows/receipt-row.ts";
import type { NewReceipt, Receipt } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

export class Receipts {
  readonly #clock: Clock;
  readonly #damaged: DamagedRows;
  readonly #find: Lazy<ReceiptRecord, [string, string]>;
  readonly #insert: Lazy<unknown, [string, string, string, string, string, number, string]>;
  readonly #sweep: Lazy<unknown, [number, number]>;

  constructor(connection: Connection, { clock, damaged }: { readonly clock: Clock; readonly damaged: DamagedRows }) {
    this.#clock = clock;
    this.#damaged = damaged;
    this.#find = connection.statement("SELECT * FROM receipts WHERE scope = ? AND key = ?");
    this.#insert = connection.statement(
      "INSERT INTO receipts (scope, key, request_hash, run_id, session_id, at, seal) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#sweep = connection.statement(
      "DELETE FROM receipts WHERE (scope, key) IN (SELECT scope, key FROM receipts WHERE at < ? ORDER BY at LIMIT ?)",
    );
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }

  find(scope: string, key: string): Receipt | undefined {
    const found = this.#find().get(scope, key);
    return found ? this.#damaged.receipt(receiptOf(found)) : undefined;
  }

  insert(receipt: NewReceipt, sessionId: string): void {
    const row = newReceiptRow(receipt, sessionId, this.#clock.now());
    this.#insert().run(row.scope, row.key, row.request_hash, row.run_id, row.session_id, row.at, row.seal);
  }
}

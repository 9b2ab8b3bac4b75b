import type { Clock } from "#base";
import type { DamagedRows } from "../damaged-rows.ts";
import { type DocumentRecord, documentOf, newDocumentRow } from "../rows/document-row.ts";
import type { RecordRow, RecordWrite } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

/** Documents by kind and id, each with a version that counts its changes. */
export class Records {
  readonly #clock: Clock;
  readonly #damaged: DamagedRows;
  readonly #find: Lazy<DocumentRecord, [string, string]>;
  readonly #page: Lazy<DocumentRecord, [string, string, number]>;
  readonly #put: Lazy<unknown, [string, string, number, string, number, string]>;
  readonly #delete: Lazy<unknown, [string, string]>;
  readonly #sweep: Lazy<unknown, [string, string, number, number]>;

  constructor(connection: Connection, { clock, damaged }: { readonly clock: Clock; readonly damaged: DamagedRows }) {
    this.#clock = clock;
    this.#damaged = damaged;
    this.#find = connection.statement("SELECT * FROM records WHERE kind = ? AND id = ?");
    this.#page = connection.statement("SELECT * FROM records WHERE kind = ? AND id > ? ORDER BY id LIMIT ?");
    this.#put = connection.statement(
      `INSERT INTO records (kind, id, version, data, updated_at, seal) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, data = excluded.data,
           updated_at = excluded.updated_at, seal = excluded.seal`,
    );
    this.#delete = connection.statement("DELETE FROM records WHERE kind = ? AND id = ?");
    this.#sweep = connection.statement(
      `DELETE FROM records WHERE kind = ? AND id IN
         (SELECT id FROM records WHERE kind = ? AND updated_at < ? ORDER BY updated_at LIMIT ?)`,
    );
  }

  sweep(kind: string, before: number, limit: number): number {
    return this.#sweep().run(kind, kind, before, limit).changes;
  }

  find(kind: string, id: string): RecordRow | undefined {
    const found = this.#find().get(kind, id);
    return found ? this.#damaged.records([documentOf(found)])[0] : undefined;
  }

  page({ kind, after = "", limit }: { readonly kind: string; readonly after?: string; readonly limit: number }) {
    return this.#damaged.records(this.#page().all(kind, after, limit).map(documentOf));
  }

  /** Inside a transaction. Looks at all versions before it writes the first, so that a no leaves nothing behind. */
  write(writes: readonly RecordWrite[]): boolean {
    const versions = writes.map(({ kind, id }) => this.#find().get(kind, id)?.version ?? 0);
    if (writes.some(({ expected }, i) => expected !== undefined && expected !== versions[i])) return false;
    for (const [i, { kind, id, data }] of writes.entries()) {
      if (data === undefined) this.#delete().run(kind, id);
      else this.#write({ kind, id, version: (versions[i] ?? 0) + 1, data, updated_at: this.#clock.now() });
    }
    return true;
  }

  #write(document: Omit<DocumentRecord, "seal">): void {
    const row = newDocumentRow(document);
    this.#put().run(row.kind, row.id, row.version, row.data, row.updated_at, row.seal);
  }
}

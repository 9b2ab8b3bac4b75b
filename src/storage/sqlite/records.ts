import type { Clock } from "#base";
import type { RecordRow, RecordWrite } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

const columns = "kind, id, version, data, updated_at AS updatedAt";

/** Documents by kind and id, each with a version that counts its changes. */
export class Records {
  readonly #clock: Clock;
  readonly #find: Lazy<RecordRow, [string, string]>;
  readonly #page: Lazy<RecordRow, [string, string, number]>;
  readonly #put: Lazy<unknown, [string, string, number, string, number]>;
  readonly #delete: Lazy<unknown, [string, string]>;
  readonly #sweep: Lazy<unknown, [string, string, number, number]>;

  constructor(connection: Connection, clock: Clock) {
    this.#clock = clock;
    this.#find = connection.statement(`SELECT ${columns} FROM records WHERE kind = ? AND id = ?`);
    this.#page = connection.statement(`SELECT ${columns} FROM records WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`);
    this.#put = connection.statement(
      `INSERT INTO records (kind, id, version, data, updated_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, data = excluded.data, updated_at = excluded.updated_at`,
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
    return this.#find().get(kind, id) ?? undefined;
  }

  page({ kind, after = "", limit }: { readonly kind: string; readonly after?: string; readonly limit: number }) {
    return this.#page().all(kind, after, limit);
  }

  /** Inside a transaction. Looks at all versions before it writes the first, so that a no leaves nothing behind. */
  write(writes: readonly RecordWrite[]): boolean {
    const versions = writes.map(({ kind, id }) => this.find(kind, id)?.version ?? 0);
    if (writes.some(({ expected }, i) => expected !== undefined && expected !== versions[i])) return false;
    for (const [i, { kind, id, data }] of writes.entries()) {
      if (data === undefined) this.#delete().run(kind, id);
      else this.#put().run(kind, id, (versions[i] ?? 0) + 1, data, this.#clock.now());
    }
    return true;
  }
}

import { describeError, type Log } from "#base";
import type { RecordRow, RecordWrite, Storage } from "#storage";
import type { Static, TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";

const pageRows = 500;

/** A change that is not on disk yet, and what makes it true here when it is. */
export interface ShelfWrite {
  readonly record: RecordWrite;
  readonly settle: () => void;
}

/**
 * The records of one kind, as they are on disk. What cannot be understood is left out, and its id is remembered: it may
 * have said that something is forbidden.
 */
export class Shelf<Schema extends TSchema> {
  readonly #kind: string;
  readonly #schema: Schema;
  readonly #idOf: (value: Static<Schema>) => string;
  readonly #most: number;
  readonly #log: Log;
  #values = new Map<string, Static<Schema>>();
  #versions = new Map<string, number>();

  /** Reads `most` records and no more. */
  constructor(options: {
    readonly kind: string;
    readonly schema: Schema;
    readonly idOf: (value: Static<Schema>) => string;
    readonly most: number;
    readonly log: Log;
  }) {
    this.#kind = options.kind;
    this.#schema = options.schema;
    this.#idOf = options.idOf;
    this.#most = options.most;
    this.#log = options.log;
  }

  get size(): number {
    return this.#versions.size;
  }

  get(id: string): Static<Schema> | undefined {
    return this.#values.get(id);
  }

  all(): Static<Schema>[] {
    return [...this.#values.values()];
  }

  isDamaged(id: string): boolean {
    return this.#versions.has(id) && !this.#values.has(id);
  }

  /** A new value, or none any more; nothing happens until it is committed. */
  change(id: string, value: Static<Schema> | undefined): ShelfWrite {
    const expected = this.#versions.get(id) ?? 0;
    const data = value === undefined ? undefined : JSON.stringify(value);
    return {
      record: { kind: this.#kind, id, data, expected },
      settle: () => {
        if (value === undefined) {
          this.#values.delete(id);
          this.#versions.delete(id);
          return;
        }
        this.#values.set(id, value);
        this.#versions.set(id, expected + 1);
      },
    };
  }

  async read(storage: Storage): Promise<void> {
    const values = new Map<string, Static<Schema>>();
    const versions = new Map<string, number>();
    for (let after = ""; versions.size < this.#most;) {
      const limit = Math.min(pageRows, this.#most - versions.size);
      const rows = await storage.records({ kind: this.#kind, after, limit });
      for (const row of rows) {
        versions.set(row.id, row.version);
        const value = this.#understood(row);
        if (value !== undefined) values.set(row.id, value);
      }
      const last = rows.at(-1);
      if (!last || rows.length < limit) break;
      after = last.id;
    }
    this.#values = values;
    this.#versions = versions;
  }

  #understood({ id, data }: RecordRow): Static<Schema> | undefined {
    try {
      const value: unknown = JSON.parse(data);
      if (Check(this.#schema, value) && this.#idOf(value) === id) return value;
      this.#log.error("a record is damaged and left out", { kind: this.#kind, id });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#log.error("a record is damaged and left out", { kind: this.#kind, id, problem: describeError(error) });
    }
    return undefined;
  }
}

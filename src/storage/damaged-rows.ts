import type { Log } from "#base";
import type { OutboxRow, Receipt, RecordRow } from "./storage.ts";

const mostKept = 1_000;

/** Rows whose seals were found broken since the start. They are told of once each, and in the health until the next start. */
export class DamagedRows {
  readonly #log: Log;
  readonly #found = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  get warning(): string | undefined {
    const [first] = this.#found;
    if (first === undefined) return undefined;
    const what =
      this.#found.size === 1 ? `${first} is damaged` : `${this.#found.size} rows are damaged, the first: ${first}`;
    return `${what}; \`openclaw doctor storage\` tells more`;
  }

  outbox(rows: readonly OutboxRow[]): readonly OutboxRow[] {
    for (const row of rows) if (row.isDamaged) this.#note(`outbox row ${row.id}`);
    return rows;
  }

  records(rows: readonly RecordRow[]): readonly RecordRow[] {
    for (const row of rows) if (row.isDamaged) this.#note(`record ${row.kind} ${row.id}`);
    return rows;
  }

  receipt(row: Receipt | undefined): Receipt | undefined {
    if (row?.isDamaged) this.#note(`receipt ${row.key} of ${row.scope}`);
    return row;
  }

  #note(row: string): void {
    if (this.#found.has(row) || this.#found.size >= mostKept) return;
    this.#found.add(row);
    this.#log.error("a row of the storage is damaged, and is not believed", { row });
  }
}

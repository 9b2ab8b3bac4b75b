/** What undoes the last changes of several tables, together. */
export class Journal {
  #undo: (() => void)[] = [];

  note(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Does all of `change` or, when it throws, nothing of it. */
  attempt<T>(change: () => T): T {
    this.#undo = [];
    try {
      return change();
    } catch (error) {
      for (const undo of this.#undo.toReversed()) undo();
      throw error;
    } finally {
      this.#undo = [];
    }
  }
}

/** Rows by key, in the order in which they came. Rows are never changed, only replaced. */
export class Table<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #journal: Journal;
  /** Keys that were set or deleted; undefined where nobody asks. */
  readonly #touched: Set<string> | undefined;

  constructor(journal: Journal, remembers: boolean) {
    this.#journal = journal;
    this.#touched = remembers ? new Set() : undefined;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** Puts a row there that was there before, elsewhere: no change. */
  load(key: string, row: Row): void {
    this.#rows.set(key, row);
  }

  set(key: string, row: Row): void {
    this.#noteUndo(key);
    this.#rows.set(key, row);
  }

  delete(key: string): void {
    this.#noteUndo(key);
    this.#rows.delete(key);
  }

  /** The rows that were set and are there, and the keys of those that are not any more. */
  changes(): { readonly set: readonly Row[]; readonly gone: readonly string[] } {
    const set: Row[] = [];
    const gone: string[] = [];
    for (const key of this.#touched ?? []) {
      const row = this.#rows.get(key);
      if (row) set.push(row);
      else gone.push(key);
    }
    return { set, gone };
  }

  #noteUndo(key: string): void {
    const before = this.#rows.get(key);
    const isFirst = this.#touched !== undefined && !this.#touched.has(key);
    this.#touched?.add(key);
    this.#journal.note(() => {
      if (before) this.#rows.set(key, before);
      else this.#rows.delete(key);
      if (isFirst) this.#touched?.delete(key);
    });
  }
}

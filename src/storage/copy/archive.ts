import type { CopiedRow, CopiedTable } from "./copied-tables.ts";

/** The rows of a storage, all of them, as they lie there. */
export interface RowSource {
  count(table: CopiedTable): Promise<number>;
  /** In the order of the table's key, by bytes; after `last`, or from the beginning. */
  page(table: CopiedTable, last: CopiedRow | undefined): Promise<readonly CopiedRow[]>;
}

export interface RowTarget extends RowSource {
  put(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void>;
}

/** A storage opened to be copied from, or to be looked at. Nothing of it is changed. */
export interface SourceArchive extends RowSource, AsyncDisposable {}

/** A storage that is copied to. */
export interface TargetArchive extends AsyncDisposable {
  /** What `work` put there is kept when it returns, all of it, and none when it throws. */
  fill<T>(work: (target: RowTarget) => Promise<T>): Promise<T>;
}

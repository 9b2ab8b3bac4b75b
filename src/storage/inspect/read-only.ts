import { constants, Database, type SQLQueryBindings } from "bun:sqlite";
import { accessSync, constants as fs, existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { isSystemError } from "#base";
import { fault } from "#protocol";
import { troubleOf } from "../sqlite/trouble.ts";

/** A second look at a database that the gateway may have open: nothing can be written through it. */
export class ReadOnlyDatabase implements Disposable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what its query gives
  one<Row>(sql: string, ...params: SQLQueryBindings[]): Row | undefined {
    return this.#db.query<Row, SQLQueryBindings[]>(sql).get(...params) ?? undefined;
  }

  /** One row at a time is in memory. */
  rows<Row>(sql: string, ...params: SQLQueryBindings[]): IterableIterator<Row> {
    return this.#db.query<Row, SQLQueryBindings[]>(sql).iterate(...params);
  }

  /** Everything that `read` looks at is of one moment. */
  atOnce<T>(read: () => T): T {
    return this.#db.transaction(read)();
  }

  run(sql: string): void {
    this.#db.run(sql);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** Throws `storageUnusable` when there is no file, or none that can be opened. */
export function openReadOnly(path: string): ReadOnlyDatabase {
  if (!existsSync(path)) throw fault.storageUnusable({ path, problem: "it is not there" });
  const opened = new DisposableStack();
  try {
    const db = openUnwritten(path);
    opened.defer(() => db.close());
    db.run(
      "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;",
    );
    db.run("PRAGMA cache_size = -4096");
    db.query("PRAGMA user_version").get();
    opened.move();
    return new ReadOnlyDatabase(db);
  } catch (error) {
    opened.dispose();
    throw fault.storageUnusable({ path, problem: troubleOf(error) ?? "it cannot be opened" }, error);
  }
}

/**
 * SQLite puts files beside a database that it reads, which a disk that became read-only does not take. Nobody writes there
 * either, so without a log beside it the file is read as it lies.
 */
export function openUnwritten(path: string): Database {
  if (!isDiskReadOnly(path) || existsSync(`${path}-wal`)) return new Database(path, { readonly: true, strict: true });
  const url = `${pathToFileURL(path).href}?immutable=1`;
  return new Database(url, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
}

function isDiskReadOnly(path: string): boolean {
  try {
    accessSync(path, fs.W_OK);
    return false;
  } catch (error) {
    return isSystemError(error) && error.code === "EROFS";
  }
}

/** What SQLite says of a file that it cannot read. Rethrows what is no matter of the file. */
export function unreadable(error: unknown): string {
  const because = troubleOf(error) ?? (isSqlite(error) ? error.message : undefined);
  if (because === undefined) throw error;
  return `it cannot be read: ${because}`;
}

function isSqlite(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_");
}

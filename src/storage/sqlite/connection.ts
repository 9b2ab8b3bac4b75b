import { failPoint } from "#base";
import { Database, type SQLQueryBindings } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, openSync, statSync } from "node:fs";
import { Fault, fault } from "#protocol";
import { isLogCut, type Leftover, readLeftover } from "./log-end.ts";
import { migrations, sealStep } from "./migrations.ts";
import { sealRows } from "./seal-rows.ts";
import { isDamage, troubleOf } from "./trouble.ts";

/** Prepares on the first call; later calls give the same statement. */
export type Lazy<Row, Params extends SQLQueryBindings[]> = () => Prepared<Row, Params>;
type Prepared<Row, Params extends SQLQueryBindings[]> = ReturnType<typeof Database.prototype.prepare<Row, Params>>;

/** An open database whose statements are prepared when first needed, kept, and given back when it closes. */
export class Connection {
  readonly db: Database;
  readonly #prepared: { finalize(): void }[] = [];

  readonly #path: string;
  readonly #inode: bigint | undefined;

  /** What the process before left: nothing, a log, or a log that has lost its end meanwhile. */
  readonly found: "closed" | "log" | "cutLog";
  readonly #mostLogBytes: number;
  #commitsUnseen = 0;
  /** From when on it is worth to wait again for readers, while the log is filling and when it is full. */
  readonly #waitsAgainAt = { filling: -Infinity, full: -Infinity };

  constructor(path: string, { mostBytes, mostLogBytes = usualMostLogBytes }: FileBounds = {}) {
    this.#path = path;
    this.#mostLogBytes = mostLogBytes;
    const leftover = readLeftover(path);
    const { db, isCut } = openDatabase(path, leftover);
    this.db = db;
    this.found = leftover === undefined ? "closed" : isCut ? "cutLog" : "log";
    this.#inode = inodeOf(path);
    if (mostBytes !== undefined) this.db.run(`PRAGMA max_page_count = ${Math.ceil(mostBytes / pageBytes)}`);
  }

  statement<Row, Params extends SQLQueryBindings[]>(sql: string): Lazy<Row, Params> {
    let prepared: Prepared<Row, Params> | undefined;
    return () => {
      if (prepared) return prepared;
      prepared = this.db.prepare<Row, Params>(sql);
      this.#prepared.push(prepared);
      return prepared;
    };
  }

  /** SQLite goes on with a file that has no name any more, as if nothing were wrong. */
  isFileGone(): boolean {
    return inodeOf(this.#path) !== this.#inode;
  }

  /**
   * Why nothing should be added to the write-ahead log now. It can begin anew only while nobody reads what is in it, so
   * who never stops reading would have it fill the disk. Looks now and then, and always while it is too long.
   */
  logProblem(): string | undefined {
    this.#commitsUnseen += 1;
    if (this.#commitsUnseen < commitsBetweenLooks) return undefined;
    if (logBytes(this.#path) < this.#mostLogBytes / 2) {
      this.#commitsUnseen = 0;
      return undefined;
    }
    this.#beginLogAnew(0);
    if (logBytes(this.#path) >= this.#mostLogBytes * 0.75) this.#waitForReaders("filling");
    // A reader that was too slow a moment ago may be done by now: nothing is refused that was not waited for.
    if (logBytes(this.#path) >= this.#mostLogBytes) this.#waitForReaders("full");
    const isTooLong = logBytes(this.#path) >= this.#mostLogBytes;
    if (!isTooLong) this.#commitsUnseen = 0;
    return isTooLong ? "another program has been reading the database for so long that its log is full" : undefined;
  }

  /** Where readers follow each other without a gap, it takes a moment in which nothing is written. */
  #waitForReaders(when: "filling" | "full"): void {
    if (performance.now() < this.#waitsAgainAt[when]) return;
    this.#beginLogAnew(longestWaitMs);
    if (logBytes(this.#path) > 0) this.#waitsAgainAt[when] = performance.now() + afterVainWaitMs[when];
  }

  #beginLogAnew(waitMs: number): void {
    this.db.run(`PRAGMA busy_timeout = ${waitMs}`);
    this.db.query("PRAGMA wal_checkpoint(TRUNCATE)").get();
    this.db.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** Moves the write-ahead log into the database, which then is one file. */
  close(): void {
    for (const statement of this.#prepared) statement.finalize();
    try {
      failPoint("storage.close.begin");
      this.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      failPoint("storage.close.checkpointed");
    } finally {
      this.db.close();
    }
  }
}

export interface FileBounds {
  readonly mostBytes?: number | undefined;
  readonly mostLogBytes?: number | undefined;
}

const usualMostLogBytes = 64 * 1024 * 1024;
const commitsBetweenLooks = 16;
const longestWaitMs = 250;
/** A wait holds everybody up, and a full log everybody who writes. */
const afterVainWaitMs = { filling: 2_000, full: 1_000 };
const busyTimeoutMs = 5_000;

const pageBytes = 4_096;

/**
 * `synchronous = FULL` is what makes a commit outlive a power cut: with NORMAL, the write-ahead log is not synced. A
 * database file is data from outside, so `trusted_schema` and `cell_size_check` distrust it. `secure_delete` overwrites
 * what is deleted, because a deleted conversation should be gone.
 */
const settings = [
  `busy_timeout = ${busyTimeoutMs}`,
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
  "trusted_schema = OFF",
  "cell_size_check = ON",
  "secure_delete = ON",
  "temp_store = MEMORY",
  "mmap_size = 0",
  "cache_size = -2048",
  "wal_autocheckpoint = 4000",
  "journal_size_limit = 16777216",
] as const;

/** They belong to the file. Said again to one that has tables, the second would write, and so wait for the disk. */
const settingsOfNew = [`page_size = ${pageBytes}`, "auto_vacuum = INCREMENTAL"] as const;

function openDatabase(
  path: string,
  leftover: Leftover | undefined,
): { readonly db: Database; readonly isCut: boolean } {
  const opened = new DisposableStack();
  try {
    keepToOwner(path);
    failPoint("storage.open.fileMade");
    const db = new Database(path, { readwrite: true, create: true, strict: true });
    opened.defer(() => db.close());
    const isCut = leftover !== undefined && isLogCut(db, leftover);
    const isNew = path === ":memory:" || (statSync(path).size === 0 && leftover === undefined);
    for (const setting of [...(isNew ? settingsOfNew : []), ...settings]) db.run(`PRAGMA ${setting}`);
    if (failPoint("storage.open.unsynced")) db.run("PRAGMA synchronous = NORMAL");
    failPoint("storage.open.set");
    migrate(db, path);
    opened.move();
    return { db, isCut };
  } catch (error) {
    opened.dispose();
    if (error instanceof Fault) throw error;
    const advice = isDamage(error) ? "; move it away to begin with an empty one, or put a copy in its place" : "";
    throw fault.storageUnusable({ path, problem: `${troubleOf(error) ?? "it cannot be opened"}${advice}` }, error);
  }
}

function logBytes(path: string): number {
  return path === ":memory:" ? 0 : (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0);
}

function inodeOf(path: string): bigint | undefined {
  return path === ":memory:" ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** SQLite gives the files beside a database the permissions of the database. */
function keepToOwner(path: string): void {
  if (path === ":memory:") return;
  closeSync(openSync(path, "a", 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
}

function migrate(db: Database, path: string): void {
  using version = db.prepare<{ user_version: number }, []>("PRAGMA user_version");
  const found = version.get()?.user_version ?? 0;
  if (found > migrations.length) {
    const problem = `it was written by a newer version (schema ${found}, this version knows ${migrations.length})`;
    throw fault.storageUnusable({ path, problem });
  }
  for (const [step, sql] of migrations.entries()) {
    if (step < found) continue;
    db.transaction(() => {
      db.run(sql);
      if (step + 1 === sealStep) sealRows(db);
      failPoint("storage.migration.written");
      db.run(`PRAGMA user_version = ${step + 1}`);
    }).immediate();
    failPoint("storage.migration.done");
  }
}

import { isSystemError } from "#base";
import type { Database } from "bun:sqlite";
import { closeSync, openSync, readSync, statSync } from "node:fs";

/** What a process that did not close its database left beside it. */
export interface Leftover {
  /** The frames of the write-ahead log that had been synced, and were not in the database yet; as far as that is known. */
  readonly frames: number | undefined;
}

/**
 * SQLite takes a damaged frame of the log for the end of the last write, and drops what follows without a word. But it
 * counts the frames in the index of the log, after it has synced them, and a process that is killed leaves that file
 * behind: it says how far the log went at least. Undefined when the last process closed the database.
 *
 * To be called before the database is opened: a process that closes one of its files gives up all its locks on it.
 * The format is that of https://www.sqlite.org/walformat.html, sections 1.1 and 2.1.
 */
export function readLeftover(path: string): Leftover | undefined {
  if (path === ":memory:" || (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  const log = readHead(`${path}-wal`, 32);
  const index = readHead(`${path}-shm`, 100);
  if (!log || !index) return { frames: undefined };
  const isWhole = index.readUInt32LE(0) === indexVersion && index.subarray(0, 48).equals(index.subarray(48, 96));
  // Another salt is another log: this one was begun anew since, and a power cut has kept the index of the one before.
  const isOfThisLog = index.subarray(32, 40).equals(log.subarray(16, 24));
  const frames = index.readUInt32LE(16);
  const areInDatabase = index.readUInt32LE(96) >= frames;
  return { frames: isWhole && isOfThisLog && !areInDatabase ? frames : undefined };
}

/** Has SQLite found less of the log than there was? To be asked before anything is written. */
export function isLogCut(db: Database, { frames }: Leftover): boolean {
  if (frames === undefined) return false;
  db.run("PRAGMA user_version"); // the first reading makes SQLite read its log
  using count = db.prepare<{ readonly log: number }, []>("PRAGMA wal_checkpoint(NOOP)");
  return (count.get()?.log ?? 0) < frames;
}

const indexVersion = 3_007_000;

function readHead(file: string, bytes: number): Buffer | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      const head = Buffer.alloc(bytes);
      return readSync(descriptor, head, 0, bytes, 0) === bytes ? head : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

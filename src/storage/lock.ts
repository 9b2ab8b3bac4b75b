import { Database } from "bun:sqlite";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { failPoint, isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import { isBusy } from "./sqlite/trouble.ts";

/**
 * Held: until `release` or the end of the process, however it ends. Not held: `pid` names the holder where it is known, and
 * `note` is what it said of itself.
 */
export type Lock =
  | { readonly held: true; release(): void }
  | { readonly held: false; readonly pid?: number; readonly note?: string };

/**
 * Takes the lock of that path, or says who has it. It is SQLite's exclusive lock on a tiny database: the operating system
 * gives it free when the process dies, so kill -9 leaves nothing stale, and it works wherever SQLite does. The file
 * stays: removing it would let two processes lock two files of one name. The holder's pid stands beside it in
 * `<path>.pid`, because a file that is locked cannot be read everywhere; in its second line is the note, for whoever comes.
 */
export function acquireLock(path: string, note?: string): Lock {
  const pidPath = `${path}.pid`;
  const db = takeExclusively(path);
  if (!db) return { held: false, ...livingHolder(pidPath) };
  using opened = new DisposableStack();
  opened.defer(() => db.close());
  failPoint("storage.lock.taken");
  writeFileSync(pidPath, `${[process.pid, ...(note === undefined ? [] : [oneLine(note)])].join("\n")}\n`, {
    mode: 0o600,
  });
  failPoint("storage.lock.told");
  opened.defer(() => rmSync(pidPath, { force: true }));
  const held = opened.move();
  return { held: true, release: () => held.dispose() };
}

function takeExclusively(path: string): Database | undefined {
  const opened = new DisposableStack();
  try {
    writeFileSync(path, "", { flag: "a", mode: 0o600 });
    const db = new Database(path, { readwrite: true, create: true, strict: true });
    opened.defer(() => db.close());
    db.run("PRAGMA busy_timeout = 0");
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
    opened.move();
    return db;
  } catch (error) {
    opened.dispose();
    if (isBusy(error)) return undefined;
    const because = isSystemError(error) ? `: ${systemReason(error)}` : "";
    throw fault.storageUnusable({ path, problem: `its lock file cannot be opened${because}` }, error);
  }
}

/** Of a process that is there: one that took the lock a moment ago may not have written its pid yet. */
function livingHolder(path: string): { readonly pid?: number; readonly note?: string } {
  try {
    const [first = "", note = ""] = readFileSync(path, "utf8").split("\n");
    const pid = Number.parseInt(first, 10);
    return pid > 0 && isAlive(pid) ? { pid, ...(note !== "" && { note }) } : {};
  } catch {
    return {}; // not there yet: the answer is then "someone"
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

import { failPoint, isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** A writer that died leaves its new file behind; nobody takes this long. */
const staleAfterMs = 10_000;

/**
 * Replaces a file in one step, readable by its owner only. The new file beside it is also the lock: only one writer can make
 * it. `isUnchanged` is asked under that lock, right before the step; a `configConflict` fault when it says no. Being
 * synchronous, two changes in one process never interleave.
 */
export function replaceFile(file: string, text: string, isUnchanged: () => boolean): void {
  try {
    const target = existsSync(file) ? realpathSync(file) : file;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    replaceHeld(target, openNew(`${target}.new`), { text, isUnchanged });
    syncFolder(dirname(target));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.configInvalid({ problem: `${file} cannot be written: ${systemReason(error)}.` }, error);
  }
}

function replaceHeld(
  target: string,
  descriptor: number,
  { text, isUnchanged }: { readonly text: string; readonly isUnchanged: () => boolean },
): void {
  let isOpen = true;
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    closeSync(descriptor);
    isOpen = false;
    failPoint("config.file.written");
    if (!isUnchanged()) throw fault.configConflict({});
    renameSync(`${target}.new`, target);
    failPoint("config.file.replaced");
  } catch (error) {
    if (isOpen) closeSync(descriptor);
    rmSync(`${target}.new`, { force: true });
    throw error;
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EEXIST") throw error;
    const madeAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - madeAt < staleAfterMs) throw fault.configConflict({}, error);
    rmSync(path, { force: true });
    return openSync(path, "wx", 0o600);
  }
}

/** Makes the rename survive a power failure. Windows cannot open folders and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

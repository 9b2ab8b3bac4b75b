import { closeSync, fstatSync, openSync, renameSync, truncateSync, writeSync } from "node:fs";

/** Where log lines go: a file that is renamed to `<path>.1` when it is full, so that two files' worth is the most there is. */
export interface LogFile extends Disposable {
  write(line: string): void;
}

/**
 * Opens the file for appending, readable by its owner only; the folder must exist. A line that cannot be written (the disk
 * is full) is dropped, and a full file that cannot be renamed (on Windows, while somebody looks at it) is emptied: a log
 * must neither stop what it tells of nor fill the disk.
 */
export function openLogFile(path: string, mostBytes = 10 * 1024 * 1024): LogFile {
  const file = { fd: open(path), bytes: 0 };
  file.bytes = fstatSync(file.fd).size;

  function rotate(): void {
    if (!isRenamed(path, `${path}.1`)) {
      truncateSync(path);
      file.bytes = 0;
      return;
    }
    const full = file.fd;
    file.fd = open(path);
    file.bytes = 0;
    closeSync(full);
  }

  return {
    write(line) {
      try {
        if (file.bytes >= mostBytes) rotate();
        file.bytes += writeSync(file.fd, `${line}\n`);
      } catch (error) {
        if (!isSystemTrouble(error)) throw error;
      }
    },
    [Symbol.dispose]: () => closeSync(file.fd),
  };
}

function open(path: string): number {
  return openSync(path, "a", 0o600);
}

function isRenamed(path: string, to: string): boolean {
  try {
    renameSync(path, to);
    return true;
  } catch (error) {
    if (!isSystemTrouble(error)) throw error;
    return false;
  }
}

/** What the system refused, for whatever reason of its own; a descriptor that is none is a mistake of this file. */
function isSystemTrouble(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "code" in error && error.code !== "EBADF";
}

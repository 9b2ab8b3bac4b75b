import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** Where log lines go: a file that is renamed to `<path>.1` when it is full, so that two files' worth is the most there is. */
export interface LogFile extends Disposable {
  write(line: string): void;
}

/**
 * Opens the file for appending, readable by its owner only; the folder must exist. A line that cannot be written (the disk
 * is full) is dropped: a log must not stop what it tells of.
 */
export function openLogFile(path: string, mostBytes = 10 * 1024 * 1024): LogFile {
  const file = { fd: open(path), bytes: 0 };
  file.bytes = fstatSync(file.fd).size;

  function rotate(): void {
    closeSync(file.fd);
    renameSync(path, `${path}.1`);
    file.fd = open(path);
    file.bytes = 0;
  }

  return {
    write(line) {
      try {
        if (file.bytes >= mostBytes) rotate();
        file.bytes += writeSync(file.fd, `${line}\n`);
      } catch (error) {
        if (!isDiskTrouble(error)) throw error;
      }
    },
    [Symbol.dispose]: () => closeSync(file.fd),
  };
}

function open(path: string): number {
  return openSync(path, "a", 0o600);
}

function isDiskTrouble(error: unknown): boolean {
  const troubles = ["ENOSPC", "EDQUOT", "EIO", "EROFS"];
  return error instanceof Error && "code" in error && troubles.includes(String(error.code));
}

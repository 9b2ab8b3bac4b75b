import { isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { formats } from "./format.ts";
import type { Home } from "./home.ts";

const mostBytes = 1_048_576;

export interface FoundFile {
  readonly file: string;
  /** Somebody named it, so it has to be there. */
  readonly isNamed: boolean;
  /** Of the home, but not read because another comes first. */
  readonly others: readonly string[];
}

/** The named file, else the first of the home's; the one that would be written when there is none. */
export function findFile(home: Home, named: string | undefined): FoundFile {
  if (named) return { file: resolve(named), isNamed: true, others: [] };
  const candidates = formats.flatMap((format) => format.extensions).map((end) => join(home.root, `openclaw${end}`));
  const [file = join(home.root, "openclaw.toml"), ...others] = candidates.filter((path) => existsSync(path));
  return { file, isNamed: false, others };
}

/** The text of a file; undefined when there is none. Refuses what cannot be settings, and what writing would damage. */
export function readText(file: string): string | undefined {
  const bytes = readBytes(file);
  if (bytes === undefined) return undefined;
  if (isUtf8(bytes)) return Buffer.from(bytes).toString("utf8");
  throw fault.configInvalid({ problem: `${file} is not UTF-8 text.` });
}

/** Others than its owner can read it. Says nothing on Windows, where modes mean nothing. */
export function isReadableByOthers(file: string): boolean {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  return process.platform !== "win32" && (mode & 0o077) !== 0;
}

function readBytes(file: string): Uint8Array | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (!found.isFile()) throw fault.configInvalid({ problem: `${file} is not a file.` });
    if (found.size > mostBytes) throw fault.configInvalid({ problem: `${file} is larger than ${mostBytes} bytes.` });
    return readFileSync(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.configInvalid({ problem: `${file} cannot be read: ${systemReason(error)}.` }, error);
  }
}

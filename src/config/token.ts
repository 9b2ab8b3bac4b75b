import { failPoint, isSystemError, newToken, Secret, systemReason } from "#base";
import { fault } from "#protocol";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Home } from "./home.ts";
import { prepareFolder, prepareHome } from "./prepare-home.ts";

const longestToken = 4_096;

export interface FoundToken {
  readonly token: Secret;
  /** Made by this call. */
  readonly isNew: boolean;
  /** About who could read it. */
  readonly warnings: readonly string[];
}

/** The installation's own token; 256 random bits when there was none. Two first runs at once agree on one. */
export function readOrMakeToken(home: Home): FoundToken {
  const warnings = [...prepareHome(home), ...prepareFolder(dirname(home.token))];
  const known = readToken(home);
  if (known) return { token: known, isNew: false, warnings: [...warnings, ...closeToOthers(home.token)] };
  const made = newToken();
  const isNew = create(home.token, `${made}\n`);
  failPoint("config.token.made");
  const token = isNew ? new Secret(made) : readToken(home);
  if (!token) throw fault.configInvalid({ problem: `${home.token} comes and goes; is something deleting it?` });
  return { token, isNew, warnings };
}

/** The token, when one was made. */
export function readToken(home: Home): Secret | undefined {
  const text = read(home.token);
  if (text === undefined) return undefined;
  const token = text.trim();
  if (token !== "" && token.length <= longestToken && !/\s/.test(token)) return new Secret(token);
  throw fault.configInvalid({ problem: `${home.token} holds no token; delete it and a new one is made.` });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "ENOENT") return undefined;
    throw fault.configInvalid({ problem: `${file} cannot be read: ${systemReason(error)}.` }, error);
  }
}

/** False when the file was there. It appears with its whole content at once: written aside, then given its name. */
function create(file: string, content: string): boolean {
  const aside = `${file}.${newToken().slice(0, 16)}`;
  try {
    const descriptor = openSync(aside, "wx", 0o600);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    failPoint("config.token.written");
    return giveName(aside, file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.configInvalid({ problem: `${file} cannot be written: ${systemReason(error)}.` }, error);
  } finally {
    rmSync(aside, { force: true });
  }
}

function giveName(aside: string, file: string): boolean {
  try {
    linkSync(aside, file);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Tightens a file that others could read. One that is not ours to change stays, and the warning says so. */
function closeToOthers(file: string): readonly string[] {
  if (process.platform === "win32" || (statSync(file).mode & 0o077) === 0) return [];
  try {
    chmodSync(file, 0o600);
    return [`${file} was readable by others on this machine; it is closed now, but consider a new token`];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [`${file} is readable by others on this machine and cannot be closed: ${systemReason(error)}`];
  }
}

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

/** A file that holds one secret of the installation and nothing else. */
export interface SecretFile {
  readonly path: string;
  /** What it is called when it cannot be used. */
  readonly holds: string;
  /** May this be the secret, without the white space around it? */
  readonly isValid: (text: string) => boolean;
}

export interface FoundSecret {
  readonly secret: Secret;
  /** Made by this call. */
  readonly isNew: boolean;
  /** About who could read it. */
  readonly warnings: readonly string[];
}

/** The secret of the file; 256 random bits when there was none. Two first runs at once agree on one. */
export function readOrMakeSecret(file: SecretFile): FoundSecret {
  const known = readSecret(file);
  if (known) return { secret: known, isNew: false, warnings: closeToOthers(file.path) };
  const made = newToken();
  const isNew = create(file.path, `${made}\n`);
  failPoint("config.secret.made");
  const secret = isNew ? new Secret(made) : readSecret(file);
  if (!secret) throw fault.configInvalid({ problem: `${file.path} comes and goes; is something deleting it?` });
  return { secret, isNew, warnings: [] };
}

/** The secret, when one was made. */
export function readSecret({ path, holds, isValid }: SecretFile): Secret | undefined {
  const text = read(path)?.trim();
  if (text === undefined) return undefined;
  if (isValid(text)) return new Secret(text);
  throw fault.configInvalid({ problem: `${path} holds no ${holds}; delete it and a new one is made.` });
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
    failPoint("config.secret.written");
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

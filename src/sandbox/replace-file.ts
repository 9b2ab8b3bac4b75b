import { newToken } from "#base";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
} from "node:fs";
import { promisify } from "node:util";
import type { Folder } from "./folder.ts";
import { JailError } from "./jail-error.ts";
import { shown } from "./jail-path.ts";
import { mustBeRegular } from "./read-file.ts";

export interface NewContent {
  readonly name: string;
  /** As the caller wrote it, for messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Puts a file with this content in the place of the name: written beside it, synced, then renamed over it, so that a
 * reader and a crash find the old or the new one. Keeps the mode, and as root the owner, of what was there.
 */
export async function replaceFile(
  folder: Folder,
  { name, path, bytes }: NewContent,
): Promise<{ readonly created: boolean }> {
  const old = folder.look(name);
  if (old) mustBeReplaceable(old, path);
  await put(folder, { name, bytes, old, isStillWanted: () => true });
  return { created: old === undefined };
}

/** As `replaceFile`, where nothing has the name: whatever it is, a link as well, it is left alone. */
export async function createFile(folder: Folder, { name, bytes }: NewContent): Promise<{ readonly created: boolean }> {
  const isFree = () => folder.look(name) === undefined;
  // Looked at again at the end, because two who want the same name may both find it free while they write.
  return { created: isFree() && (await put(folder, { name, bytes, isStillWanted: isFree })) };
}

interface Put extends Pick<NewContent, "name" | "bytes"> {
  readonly old?: Stats | undefined;
  /** Asked when all is written, at once before the file gets its name. */
  readonly isStillWanted: () => boolean;
}

async function put(folder: Folder, { name, bytes, old, isStillWanted }: Put): Promise<boolean> {
  const temporary = `.${newToken().slice(0, 24)}.tmp`;
  const fd = folder.openFile(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666);
  try {
    try {
      await writeBytes(fd, bytes);
      if (old) keepAttributes(fd, old);
      await sync(fd);
    } finally {
      closeSync(fd);
    }
    if (!isStillWanted()) {
      unlinkSync(folder.at(temporary));
      return false;
    }
    renameSync(folder.at(temporary), folder.at(name));
  } catch (error) {
    unlinkSync(folder.at(temporary));
    throw error;
  }
  return true;
}

function mustBeReplaceable(old: Stats, path: string): void {
  if (old.isSymbolicLink()) throw new JailError(`${shown(path)} is a symbolic link; links are not followed`);
  mustBeRegular(old, path);
  // The other name may be anywhere, and whoever made this one wanted it to be the same file.
  if (old.nlink > 1) throw new JailError(`${shown(path)} has ${old.nlink} names (hard links); it is not overwritten`);
}

/** Set-user-id and the like are not kept: the content is another. */
function keepAttributes(fd: number, old: Stats): void {
  if (process.platform === "win32") return;
  if (process.getuid?.() === 0) fchownSync(fd, old.uid, old.gid);
  fchmodSync(fd, old.mode & 0o777);
}

const writeSome = promisify(write);
const sync = promisify(fsync);

async function writeBytes(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await writeSome(fd, bytes, at, bytes.length - at, at);
    at += bytesWritten;
  }
}

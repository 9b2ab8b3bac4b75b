import { closeSync, constants, fstatSync, read, type Stats } from "node:fs";
import { promisify } from "node:util";
import type { Folder } from "./folder.ts";
import { JailError } from "./jail-error.ts";
import { shown } from "./jail-path.ts";

export interface WantedFile {
  readonly name: string;
  /** As the caller wrote it, for messages. */
  readonly path: string;
  readonly mostBytes: number;
}

/** The bytes of a regular file in this folder; of one that grows meanwhile, what it had when it was opened. */
export async function readRegularFile(folder: Folder, { name, path, mostBytes }: WantedFile): Promise<Uint8Array> {
  // Looked at before it is opened, because opening a device can already do something.
  const found = folder.look(name);
  if (found && !found.isSymbolicLink()) mustBeRegular(found, path);
  const fd = folder.openFile(name, constants.O_RDONLY);
  try {
    const stat = fstatSync(fd);
    mustBeRegular(stat, path);
    if (stat.size > mostBytes) {
      throw new JailError(`${shown(path)} is ${stat.size} bytes large; at most ${mostBytes} can be read`);
    }
    return await readBytes(fd, stat.size);
  } finally {
    closeSync(fd);
  }
}

export function mustBeRegular(stat: Stats, path: string): void {
  if (stat.isFile()) return;
  throw new JailError(`${shown(path)} is ${stat.isDirectory() ? "a folder; a file was expected" : "no regular file"}`);
}

const readSome = promisify(read);

async function readBytes(fd: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await readSome(fd, bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

import { realpathSync } from "node:fs";
import { codeOf } from "./error-code.ts";
import { Folder } from "./folder.ts";
import { JailError, workspaceGone } from "./jail-error.ts";
import { namesBelow, shown } from "./jail-path.ts";
import { type FileList, listFiles, type ListOptions } from "./list-files.ts";
import { readRegularFile } from "./read-file.ts";
import { createFile, replaceFile } from "./replace-file.ts";

/** The one folder that file tools may touch. Paths are relative to it, or absolute and below it; no symbolic link below it is followed. */
export interface Jail {
  readonly root: string;
  /** Refuses (`JailError`) what is outside, is no regular file, or is larger than `mostBytes`. */
  read(path: string, mostBytes: number): Promise<Uint8Array>;
  /** Writes atomically and durably, with missing folders made. Refuses what is outside, and files with several names (hard links). */
  write(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean }>;
  /** As `write`, but only where nothing has that name; what is there stays as it is, and `created` is false. */
  create(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean }>;
  /** The regular files below a folder, or the file itself, by path from the root, each folder in alphabetical order. */
  list(path: string, options: ListOptions): Promise<FileList>;
}

/** `hidden` folders are not reachable, even where they lie below the root. */
export async function openJail(root: string, hidden: readonly string[] = []): Promise<Jail> {
  const jail = new FolderJail(realpathSync(root), hidden);
  await jail.list(".", { most: 0, skip: new Set() }); // refuses a root that is no folder, or a hidden one
  return jail;
}

class FolderJail implements Jail {
  readonly root: string;
  readonly #hidden: readonly string[];

  constructor(root: string, hidden: readonly string[]) {
    this.root = root;
    this.#hidden = hidden;
  }

  read(path: string, mostBytes: number): Promise<Uint8Array> {
    return told(path, async () => {
      const { folders, name } = this.#file(path);
      using folder = this.#walk(folders, (at, next) => at.enter(next));
      return await readRegularFile(folder, { name, path, mostBytes });
    });
  }

  write(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean }> {
    return told(path, async () => {
      const { folders, name } = this.#file(path);
      using folder = this.#walk(folders, (at, next) => at.enterOrMake(next));
      return await replaceFile(folder, { name, path, bytes });
    });
  }

  create(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean }> {
    return told(path, async () => {
      const { folders, name } = this.#file(path);
      using folder = this.#walk(folders, (at, next) => at.enterOrMake(next));
      return await createFile(folder, { name, path, bytes });
    });
  }

  list(path: string, options: ListOptions): Promise<FileList> {
    return told(path, async () => {
      const names = namesBelow(this.root, path);
      const [name, folders] = [names.at(-1), names.slice(0, -1)];
      using parent = this.#walk(folders, (at, next) => at.enter(next));
      if (name !== undefined && parent.look(name)?.isFile()) return { paths: [names.join("/")], isComplete: true };
      using folder = name === undefined ? this.#open() : this.#enter(parent.enter(name));
      return await listFiles(folder, { ...options, from: names, enter: (at, next) => this.#enter(at.enter(next)) });
    });
  }

  #file(path: string): { readonly folders: readonly string[]; readonly name: string } {
    const names = namesBelow(this.root, path);
    const name = names.at(-1);
    if (name === undefined) throw new JailError(`${shown(path)} is the workspace itself; a file was expected`);
    return { folders: names.slice(0, -1), name };
  }

  #open(): Folder {
    try {
      return Folder.open(this.root);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      throw new JailError(workspaceGone, { cause: error });
    }
  }

  /** Goes down from the root, one folder held at a time. */
  #walk(names: readonly string[], step: (at: Folder, name: string) => Folder): Folder {
    let at = this.#enter(this.#open());
    for (const name of names) {
      using above = at;
      at = this.#enter(step(above, name));
    }
    return at;
  }

  /** The folder, unless it is a hidden one: told by what it is, so that no spelling of its name leads there. */
  #enter(folder: Folder): Folder {
    if (!folder.isOneOf(this.#hidden)) return folder;
    folder[Symbol.dispose]();
    throw new JailError("that folder holds the gateway's own state, which tools may not touch");
  }
}

/** What the system said, in words for the model and the person. */
const sayings: Readonly<Record<string, string>> = {
  EACCES: "may not be accessed",
  EBUSY: "is in use by another program",
  EDQUOT: "does not fit: the quota is used up",
  EISDIR: "is a folder; a file was expected",
  ELOOP: "is a symbolic link, or leads through one; links are not followed",
  ENAMETOOLONG: "is too long",
  ENOENT: "does not exist",
  ENOSPC: "does not fit: the disk is full",
  ENOTDIR: "leads through a file or a symbolic link; only folders are entered",
  ENXIO: "is no regular file",
  EPERM: "may not be changed",
  EROFS: "cannot be written: the disk is read-only",
};

async function told<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const saying = sayings[codeOf(error) ?? ""];
    if (saying === undefined) throw error;
    throw new JailError(`${shown(path)} ${saying}`, { cause: error });
  }
}

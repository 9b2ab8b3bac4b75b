import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";

/**
 * An open folder, and what is in it by name. A name is looked up in this very folder, whatever has become since of the
 * path that led to it, and a symbolic link is never followed: opening one fails.
 *
 * On Linux a name is reached through the folder's descriptor (`/proc/self/fd/7/name`), which the kernel resolves as openat
 * would. JavaScript has no such way on other systems; there, the path is looked at again after each opening, which notices
 * a swapped folder unless it was swapped back in between.
 */
export class Folder implements Disposable {
  /** Absent on Windows, where folders cannot be opened. */
  readonly #fd: number | undefined;
  readonly #path: string;

  /** The one folder that is opened by its path, which must be its real one. */
  static open(path: string): Folder {
    return new Folder(path, path);
  }

  private constructor(way: string, path: string) {
    this.#path = path;
    if (process.platform === "win32") {
      if (!lstatSync(path).isDirectory()) throw new NotAFolder(path);
      return;
    }
    this.#fd = openSync(way, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    confirm(this.#fd, path);
  }

  /** Is it the folder at one of these paths? */
  isOneOf(paths: readonly string[]): boolean {
    const here = this.#fd === undefined ? lstatSync(this.#path, exact) : fstatSync(this.#fd, exact);
    return paths.some((path) => {
      const there = statSync(path, { ...exact, throwIfNoEntry: false });
      return there?.ino === here.ino && there.dev === here.dev;
    });
  }

  /** The folder of this name in this one. */
  enter(name: string): Folder {
    return new Folder(this.at(name), join(this.#path, name));
  }

  /** As `enter`, but makes the folder when it is not there. */
  enterOrMake(name: string): Folder {
    try {
      mkdirSync(this.at(name));
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    return this.enter(name);
  }

  /** What this name is, itself; undefined when there is nothing. */
  look(name: string): Stats | undefined {
    return lstatSync(this.at(name), { throwIfNoEntry: false });
  }

  /** Opens a file; never through a symbolic link, and without waiting for the other end of a pipe. */
  openFile(name: string, flags: number, mode?: number): number {
    const fd = openSync(this.at(name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
    confirm(fd, join(this.#path, name));
    return fd;
  }

  /** A path to this name, for one system call that itself follows no link at its end: rename, unlink, opendir. */
  at(name: string): string {
    return join(isLinux ? `/proc/self/fd/${this.#fd}` : this.#path, name);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}

const isLinux = process.platform === "linux";
/** File ids of Windows have 64 bits, which a number would round to a neighbour's. */
const exact = { bigint: true } as const;

class NotAFolder extends Error {
  readonly code = "ENOTDIR";
}

/** Where paths are all there is: does this one still lead to what was opened, by no link? Closes it when not. */
function confirm(fd: number, path: string): void {
  if (isLinux) return;
  const [opened, found] = [fstatSync(fd, exact), lstatSync(path, { ...exact, throwIfNoEntry: false })];
  // Some systems ignore the case of names, so that only the link matters here, not the spelling.
  const isSame = found?.ino === opened.ino && found.dev === opened.dev;
  if (isSame && realpathSync(path).toLowerCase() === path.toLowerCase()) return;
  closeSync(fd);
  throw Object.assign(new Error(`${path} changed while it was opened`), { code: "ELOOP" });
}

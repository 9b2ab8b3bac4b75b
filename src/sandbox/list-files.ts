import { type Dirent, opendirSync } from "node:fs";
import { codeOf } from "./error-code.ts";
import type { Folder } from "./folder.ts";
import { JailError } from "./jail-error.ts";

export interface ListOptions {
  readonly most: number;
  /** Names of folders that are not entered. */
  readonly skip: ReadonlySet<string>;
}

export interface FileList {
  readonly paths: readonly string[];
  /** False when there is more than fits the bounds. */
  readonly isComplete: boolean;
}

interface Walk extends ListOptions {
  /** The names that lead from the root to where it begins. */
  readonly from: readonly string[];
  enter(folder: Folder, name: string): Folder;
}

/** The regular files below a folder, each folder in alphabetical order. What cannot be entered is passed over. */
export async function listFiles(folder: Folder, walk: Walk): Promise<FileList> {
  const lister = new Lister(walk);
  await lister.visit(folder, walk.from);
  return { paths: lister.paths, isComplete: lister.isComplete };
}

/** Of the entries of one folder, as many are looked at; of folders in folders, as many are entered. */
const mostEntries = 20_000;
const mostDepth = 64;

class Lister {
  readonly #walk: Walk;
  readonly paths: string[] = [];
  isComplete = true;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  async visit(folder: Folder, names: readonly string[]): Promise<void> {
    await Bun.sleep(0); // so that a large tree does not hold up everybody else
    for (const entry of this.#entriesOf(folder)) {
      if (this.paths.length >= this.#walk.most) {
        this.isComplete = false;
        return;
      }
      const path = [...names, entry.name];
      if (entry.isFile()) this.paths.push(path.join("/"));
      if (entry.isDirectory() && !this.#walk.skip.has(entry.name)) await this.#descend(folder, path);
    }
  }

  async #descend(folder: Folder, path: readonly string[]): Promise<void> {
    if (path.length > mostDepth) {
      this.isComplete = false;
      return;
    }
    using below = this.#enterIfPossible(folder, path.at(-1) ?? "");
    if (below) await this.visit(below, path);
  }

  #enterIfPossible(folder: Folder, name: string): Folder | undefined {
    try {
      return this.#walk.enter(folder, name);
    } catch (error) {
      if (error instanceof JailError || codeOf(error) !== undefined) return undefined;
      throw error;
    }
  }

  #entriesOf(folder: Folder): Dirent[] {
    using entries = opendirSync(folder.at("."));
    const found: Dirent[] = [];
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
      if (found.length >= mostEntries) {
        this.isComplete = false;
        break;
      }
      found.push(entry);
    }
    return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

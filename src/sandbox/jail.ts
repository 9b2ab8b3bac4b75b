/** The one folder that file tools may touch. Paths are relative to it, or absolute and below it. */
export interface Jail {
  readonly root: string;
  /** Refuses (`JailError`) what is outside, is no regular file, or is larger than `mostBytes`. */
  read(path: string, mostBytes: number): Promise<Uint8Array>;
  /** Writes atomically, with missing folders made. Refuses what is outside, and files with several names (hard links). */
  write(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean }>;
  /** Regular files below a folder, by path from the root, in alphabetical order, symbolic links not followed. */
  list(path: string, most: number): Promise<readonly string[]>;
}

/** Why a path was refused, in a sentence that the model and the person may read. */
export class JailError extends Error {
  override readonly name = "JailError";
}

import type { CopyProgress } from "./copy/copy-rows.ts";
import type { StoragePlace } from "./storage-url.ts";

export type { CopyProgress };

interface CopyStorageOptions {
  readonly from: StoragePlace;
  readonly to: StoragePlace;
  /** The file of SQLite, whichever of the two it is. */
  readonly databasePath: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => Promise<void>;
}

/**
 * Copies everything from one storage into another, empty one, and compares. The source is not changed; the target has all
 * or nothing. Returns the rows by table. The caller holds the home's lock.
 */
export async function copyStorage(options: CopyStorageOptions): Promise<ReadonlyMap<string, number>> {
  const [{ openSource, openTarget }, { copyRows }] = await Promise.all([
    import("./copy/open-archive.ts"),
    import("./copy/copy-rows.ts"),
  ]);
  const { from, to, databasePath, signal, onProgress } = options;
  await using source = await openSource({ place: from, databasePath }, true);
  await using target = await openTarget({ place: to, databasePath });
  return await copyRows({ source, target, from: from.shown, place: to.shown, signal, onProgress });
}

/** How many rows a storage has, by table; also while a gateway runs. */
export async function countStorage(place: StoragePlace, databasePath: string): Promise<ReadonlyMap<string, number>> {
  const [{ openSource }, { copiedTables }] = await Promise.all([
    import("./copy/open-archive.ts"),
    import("./copy/copied-tables.ts"),
  ]);
  await using source = await openSource({ place, databasePath }, false);
  const counts = new Map<string, number>();
  for (const table of copiedTables) counts.set(table.name, await source.count(table));
  return counts;
}

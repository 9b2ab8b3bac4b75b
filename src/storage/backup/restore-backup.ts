import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fault } from "#protocol";
import { Connection } from "../sqlite/connection.ts";
import { isDamage } from "../sqlite/trouble.ts";
import { databaseName, secretsFolder, settingsFolder } from "./manifest.ts";
import { unpackedAt, type VerifiedBackup, verifyBackup, type VerifyOptions } from "./verify-backup.ts";

export interface RestoreOptions extends Omit<VerifyOptions, "folder"> {
  readonly databasePath: string;
  readonly settingsPath: string;
  /** Where a secret lies, by its name in the backup; undefined for one that this version does not know. */
  readonly secretPath: (name: string) => string | undefined;
  /** What is there already is put aside; without this, it is refused. */
  readonly replaces: boolean;
  readonly now: number;
}

export interface Restored extends VerifiedBackup {
  /** Where what was there before lies now. */
  readonly aside?: string;
  readonly restored: readonly string[];
}

/**
 * Puts a backup into a home, once all of it was found in order. The caller holds the home's lock. The database comes last,
 * by a rename: a home is as it was, or restored.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { databasePath, settingsPath, replaces, now } = options;
  const taken = [databasePath, settingsPath].filter((path) => existsSync(path));
  if (taken.length > 0 && !replaces) throw fault.homeNotEmpty({ path: taken[0] ?? databasePath });
  const folder = mkdtempSync(join(dirname(databasePath), ".openclaw-restore-"));
  try {
    const verified = await verifyBackup({ ...options, folder });
    const wanted = filesOf(verified, options);
    const before = [...new Set([...taken, ...wanted.map(({ path }) => path)])].filter((path) => existsSync(path));
    const aside = before.length === 0 ? {} : { aside: putAside(before, databasePath, now) };
    for (const { name, path } of wanted) {
      writeFileSync(`${path}.part`, readFileSync(unpackedAt(folder, name)), { mode: 0o600 });
      renameSync(`${path}.part`, path);
    }
    for (const beside of ["-wal", "-shm"]) rmSync(`${databasePath}${beside}`, { force: true });
    renameSync(join(folder, databaseName), databasePath);
    return { ...verified, ...aside, restored: [databaseName, ...wanted.map(({ name }) => name)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesOf({ manifest }: VerifiedBackup, { settingsPath, secretPath }: RestoreOptions) {
  return manifest.files.flatMap(({ name }) => {
    if (name.startsWith(settingsFolder))
      return [{ name, path: join(dirname(settingsPath), name.slice(settingsFolder.length)) }];
    const path = name.startsWith(secretsFolder) ? secretPath(name.slice(secretsFolder.length)) : undefined;
    return path === undefined ? [] : [{ name, path }];
  });
}

/** Copies, so that a crash in the middle leaves the home as it was. */
function putAside(paths: readonly string[], databasePath: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, "-");
  const aside = join(dirname(databasePath), `replaced-${stamp}`);
  mkdirSync(aside, { mode: 0o700 });
  if (paths.includes(databasePath)) foldLog(databasePath);
  const beside = [`${databasePath}-wal`, `${databasePath}-shm`].filter((path) => existsSync(path));
  try {
    for (const path of [...paths, ...beside]) copyFileSync(path, join(aside, basename(path)));
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    throw error;
  }
  return aside;
}

/** Moves the write-ahead log into the database; one that is damaged is put aside as it is. */
function foldLog(path: string): void {
  try {
    new Connection(path).close();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!isDamage(error) && !isDamage(cause)) throw error;
  }
}

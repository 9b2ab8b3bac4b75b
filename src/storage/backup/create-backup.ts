import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import { countRows, inspectDatabase, type InspectOptions, logEnds } from "../inspect/inspect-database.ts";
import { openReadOnly } from "../inspect/read-only.ts";
import { migrations } from "../sqlite/migrations.ts";
import { troubleOf } from "../sqlite/trouble.ts";
import { damageOf } from "./damage-of.ts";
import { databaseName, headsName, type Manifest, manifestName, secretsFolder, settingsFolder } from "./manifest.ts";
import { hashFile, TarWriter } from "./tar.ts";

export interface BackupFile {
  /** Without a folder. */
  readonly name: string;
  readonly text: string;
}

export interface CreatedBackup {
  readonly manifest: Manifest;
  /** What in it is not as it was written, when anything is. */
  readonly damage: string | undefined;
}

export interface CreateBackupOptions extends Omit<InspectOptions, "path"> {
  readonly databasePath: string;
  /** Must not be there yet; it appears when it is whole. */
  readonly file: string;
  readonly version: string;
  readonly now: number;
  readonly settings: BackupFile | undefined;
  /** Undefined leaves them out. */
  readonly secrets: readonly BackupFile[] | undefined;
}

/**
 * Writes everything that a home needs to live elsewhere into one file. The database is as it was at one moment, whatever
 * a gateway writes meanwhile, and takes as much room again until the file is finished. What in it is damaged is taken
 * along and told of: the rest may be all that there will be.
 */
export async function createBackup(options: CreateBackupOptions): Promise<CreatedBackup> {
  using work = workFolder(options.file);
  try {
    return await fillBackup(options, work);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.backupUnusable({ file: options.file, problem: systemReason(error) }, error);
  }
}

async function fillBackup(options: CreateBackupOptions, work: { readonly path: string }): Promise<CreatedBackup> {
  const { databasePath, file, version, now, settings, secrets, ...looking } = options;
  const database = join(work.path, databaseName);
  const heads = join(work.path, headsName);
  const { counts, schema } = copyDatabase(databasePath, database, heads);
  const inspection = await inspectDatabase({ ...looking, path: database });
  const texts = [
    ...(settings ? [{ ...settings, name: `${settingsFolder}${settings.name}` }] : []),
    ...(secrets ?? []).map((secret) => ({ ...secret, name: `${secretsFolder}${secret.name}` })),
  ];
  const copied = [described(databaseName, database), described(headsName, heads)];
  const manifest: Manifest = {
    format: "openclaw-backup",
    formatVersion: 1,
    createdAt: new Date(now).toISOString(),
    version,
    schema,
    hasSecrets: secrets !== undefined,
    ...(settings && { settings: settings.name }),
    counts,
    ...(inspection.found > 0 && { damaged: inspection.found }),
    files: [
      ...copied,
      ...texts.map(({ name, text }) => {
        const bytes = Buffer.from(text);
        return { name, bytes: bytes.length, sha256: Bun.SHA256.hash(bytes, "hex") };
      }),
    ],
  };
  const part = join(work.path, "backup.tar");
  writeTar(part, manifest, {
    texts,
    paths: new Map([
      [databaseName, database],
      [headsName, heads],
    ]),
  });
  publish(part, file);
  return { manifest, damage: damageOf(inspection) };
}

function copyDatabase(from: string, to: string, heads: string) {
  using source = openReadOnly(from);
  try {
    source.run(`VACUUM INTO '${to.replaceAll("'", "''")}'`);
  } catch (error) {
    const problem = troubleOf(error);
    if (problem === undefined) throw error;
    throw fault.storageUnusable({ path: from, problem: `it cannot be copied: ${problem}` }, error);
  }
  using copy = openReadOnly(to);
  const schema = copy.one<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (schema !== migrations.length) {
    const problem = `its schema is ${schema} and this version's is ${migrations.length}; start the gateway on it once`;
    throw fault.storageUnusable({ path: from, problem });
  }
  const fd = openSync(heads, "wx", 0o600);
  try {
    for (const end of logEnds(copy)) writeFileSync(fd, `${JSON.stringify(end)}\n`);
  } finally {
    closeSync(fd);
  }
  const counts = {
    sessions: copy.one<{ n: number }>("SELECT count(*) AS n FROM sessions WHERE purged = 0")?.n ?? 0,
    events: countRows(copy, "events"),
    blobs: countRows(copy, "blobs"),
  };
  return { counts, schema };
}

interface Contents {
  readonly texts: readonly BackupFile[];
  readonly paths: ReadonlyMap<string, string>;
}

function writeTar(part: string, manifest: Manifest, { texts, paths }: Contents): void {
  using tar = new TarWriter(part);
  tar.addText(manifestName, `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const { name, bytes } of manifest.files) {
    const path = paths.get(name);
    if (path !== undefined) tar.addFile(name, path, bytes);
  }
  for (const { name, text } of texts) tar.addText(name, text);
  tar.finish();
  fsyncSync(tar.fd);
}

/** Never over another file: an older backup may be the only good one. */
function publish(part: string, file: string): void {
  try {
    linkSync(part, file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (statSync(file, { throwIfNoEntry: false }))
      throw fault.backupUnusable({ file, problem: "it is there already" }, error);
    renameSync(part, file); // a file system without links
  }
}

function described(name: string, path: string): Manifest["files"][number] {
  const bytes = statSync(path).size;
  return { name, bytes, sha256: hashFile(path, bytes) };
}

/** On the same disk as the file that is made, and for its owner alone. */
export function workFolder(file: string): Disposable & { readonly path: string } {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    throw fault.backupUnusable({ file, problem: "it is a folder" });
  try {
    const path = mkdtempSync(join(dirname(file), ".openclaw-backup-"));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.backupUnusable({ file, problem: systemReason(error) }, error);
  }
}

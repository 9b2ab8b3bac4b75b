import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import { type InspectOptions, inspectDatabase, logEnds } from "../inspect/inspect-database.ts";
import { openReadOnly } from "../inspect/read-only.ts";
import { damageOf } from "./damage-of.ts";
import { databaseName, headsName, Manifest, manifestName, mostManifestBytes } from "./manifest.ts";
import { readTar, TarDamaged, type TarEntry } from "./tar.ts";

export interface VerifiedBackup {
  readonly manifest: Manifest;
  /** What was damaged already when the backup was made, when anything was. */
  readonly damage: string | undefined;
}

export interface VerifyOptions extends Omit<InspectOptions, "path"> {
  readonly file: string;
  /** An empty folder, where the backup is unpacked. */
  readonly folder: string;
}

/**
 * Unpacks a backup and looks at all of it: every file by its hash, every log by its chain, every end of a log by what the
 * manifest says. Throws `backupUnusable` with what is wrong; what was damaged when the backup was made is told.
 */
export async function verifyBackup({ file, folder, ...options }: VerifyOptions): Promise<VerifiedBackup> {
  const entries = unpack(file, folder);
  const manifest = readManifest(file, folder);
  compareFiles(file, manifest, entries);
  const path = join(folder, databaseName);
  const inspection = await inspectDatabase({ ...options, path });
  const damage = damageOf(inspection);
  if (damage !== undefined && inspection.found > (manifest.damaged ?? 0))
    throw fault.backupUnusable({ file, problem: damage });
  compareHeads(file, folder);
  // Of a log that is damaged, what comes behind the damage is not read.
  for (const what of damage === undefined ? (["sessions", "events", "blobs"] as const) : [])
    if (inspection.counts[what] !== manifest.counts[what])
      throw fault.backupUnusable({
        file,
        problem: `it has ${inspection.counts[what]} ${what}, not ${manifest.counts[what]}`,
      });
  return { manifest, damage };
}

/** Entries are known by their names, and lie in the folder without theirs. */
function unpack(file: string, folder: string): readonly TarEntry[] {
  const open = new Map<string, number>();
  try {
    return readTar(file, (name) => {
      const fd = openSync(unpackedAt(folder, name), "wx", 0o600);
      open.set(name, fd);
      return (piece) => {
        for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
      };
    });
  } catch (error) {
    if (error instanceof TarDamaged) throw fault.backupUnusable({ file, problem: error.message }, error);
    if (isSystemError(error)) throw fault.backupUnusable({ file, problem: systemReason(error) }, error);
    throw error;
  } finally {
    for (const fd of open.values()) closeSync(fd);
  }
}

export function unpackedAt(folder: string, name: string): string {
  return join(folder, name.replaceAll("/", "--"));
}

function readManifest(file: string, folder: string): Manifest {
  const parsed = parseManifest(unpackedAt(folder, manifestName));
  if (Check(Manifest, parsed)) return parsed;
  throw fault.backupUnusable({ file, problem: "it is no backup that this version made: its manifest cannot be read" });
}

function parseManifest(path: string): unknown {
  try {
    const bytes = readFileSync(path);
    return bytes.length > mostManifestBytes ? undefined : JSON.parse(bytes.toString());
  } catch (error) {
    if (isSystemError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function compareFiles(file: string, { files }: Manifest, entries: readonly TarEntry[]): void {
  const found = new Map(entries.map((entry) => [entry.name, entry]));
  for (const { name, bytes, sha256 } of files) {
    const entry = found.get(name);
    if (!entry) throw fault.backupUnusable({ file, problem: `${name} is missing` });
    if (entry.bytes !== bytes || entry.sha256 !== sha256)
      throw fault.backupUnusable({ file, problem: `${name} is not as it was written` });
  }
  for (const needed of [databaseName, headsName])
    if (!files.some(({ name }) => name === needed))
      throw fault.backupUnusable({ file, problem: `${needed} is missing` });
}

function compareHeads(file: string, folder: string): void {
  using db = openReadOnly(join(folder, databaseName));
  const heads = readFileSync(join(folder, headsName), "utf8").split("\n");
  let line = 0;
  for (const end of logEnds(db))
    if (heads[line++] !== JSON.stringify(end))
      throw fault.backupUnusable({ file, problem: `the log of session ${end.id} does not end as the backup says` });
  if (heads[line] !== "") throw fault.backupUnusable({ file, problem: "there are sessions missing" });
}

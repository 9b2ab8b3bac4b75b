import { fault } from "#protocol";
import type { RowSource, RowTarget, TargetArchive } from "./archive.ts";
import { copiedTables } from "./copied-tables.ts";
import { ChainCheck, digestTable, type TableDigest } from "./digest.ts";

/** Told for every page that was written, and for every table that was read back. */
export interface CopyProgress {
  readonly step: "copied" | "verified";
  readonly table: string;
  readonly rows: number;
  readonly of: number;
}

interface CopyOptions {
  readonly source: RowSource;
  readonly target: TargetArchive;
  /** The source as people may see it. */
  readonly from: string;
  /** The target as people may see it. */
  readonly place: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => Promise<void>;
}

/**
 * Copies all rows into an empty storage, reads them back and compares; a chain or a blob that does not fit ends it. The
 * target keeps all or nothing.
 */
export async function copyRows(options: CopyOptions): Promise<ReadonlyMap<string, number>> {
  const { source, target, place } = options;
  return target.fill(async (rows) => {
    for (const table of copiedTables) {
      if ((await rows.count(table)) > 0)
        throw fault.storageUnusable({ path: place, problem: `it is not empty: there are ${table.name} in it` });
    }
    const sent = await send(options, rows);
    await compare(options, rows, sent);
    for (const table of copiedTables) {
      if ((await source.count(table)) !== sent.get(table.name)?.rows)
        throw fault.storageUnusable({ path: place, problem: `${table.name} were changed while they were copied` });
    }
    return new Map([...sent].map(([name, { rows: count }]) => [name, count]));
  });
}

async function send(
  { source, from, signal, onProgress }: CopyOptions,
  target: RowTarget,
): Promise<Map<string, TableDigest>> {
  const chains = new ChainCheck(from);
  const sent = new Map<string, TableDigest>();
  for (const table of copiedTables) {
    const of = await source.count(table);
    const progress = { copied: 0 };
    const digest = await digestTable(source, table, async (page) => {
      signal.throwIfAborted();
      chains.see(table, page);
      await target.put(table, page);
      progress.copied += page.length;
      await onProgress({ step: "copied", table: table.name, rows: progress.copied, of });
    });
    sent.set(table.name, digest);
    if (table.name === "events") chains.finish();
  }
  return sent;
}

async function compare(
  { place, signal, onProgress }: CopyOptions,
  target: RowTarget,
  sent: ReadonlyMap<string, TableDigest>,
): Promise<void> {
  for (const table of copiedTables) {
    const found = await digestTable(target, table, async () => signal.throwIfAborted());
    const wanted = sent.get(table.name);
    if (found.rows !== wanted?.rows || found.hash !== wanted.hash)
      throw fault.storageUnusable({ path: place, problem: `${table.name} did not come back as they were sent` });
    await onProgress({ step: "verified", table: table.name, rows: found.rows, of: found.rows });
  }
}

import { blobHash } from "../blob-hash.ts";
import type { RowSource } from "../copy/archive.ts";
import { type CopiedRow, type CopiedTable, copiedTables } from "../copy/copied-tables.ts";
import { linkHash, rootHash } from "../hash-chain.ts";
import { sealedTables } from "../rows/seal.ts";
import { Findings } from "./finding.ts";
import type { Inspection, InspectOptions } from "./inspect-database.ts";
import { inspectSeals } from "./inspect-seals.ts";

interface Log {
  readonly key: string;
  readonly end: { readonly seq: number; readonly hash: string };
  seq: number;
  hash: string;
  isBroken: boolean;
}

/**
 * Follows all chains and looks at all seals and blobs of a storage, whoever keeps it, as it is at one moment. What is
 * derived from the logs is not compared with them.
 */
export async function inspectRows(
  source: RowSource,
  { signal, onProgress }: Pick<InspectOptions, "onProgress" | "signal">,
): Promise<Inspection> {
  const findings = new Findings();
  const logs = new Map<string, Log>();
  const counts = { sessions: 0, events: 0, blobs: 0 };
  const looks: Readonly<Record<string, (rows: readonly CopiedRow[]) => void>> = {
    sessions: (rows) => {
      for (const row of rows) if (row["purged"] !== 1) logs.set(String(row["id"]), logOf(row));
      counts.sessions = logs.size;
    },
    events: (rows) => {
      for (const row of rows) follow(logs.get(String(row["session_id"])), row, findings);
      counts.events += rows.length;
    },
    blobs: (rows) => {
      for (const row of rows) inspectBlob(row, findings);
      counts.blobs += rows.length;
    },
  };
  for (const table of copiedTables) {
    const of = await source.count(table);
    const sealed = sealedTables.find((name) => name === table.name);
    for await (const rows of pagesOf(source, table)) {
      signal.throwIfAborted();
      looks[table.name]?.(rows);
      if (sealed) inspectSeals(sealed, rows.map(withSeal), findings);
      if (table.name === "events") await onProgress({ step: "sessions", done: counts.events, of });
      if (table.name === "blobs") await onProgress({ step: "blobs", done: counts.blobs, of });
    }
    if (table.name === "events") for (const [sessionId, log] of logs) inspectEnd(sessionId, log, findings);
  }
  return { findings: findings.list, found: findings.count, counts };
}

async function* pagesOf(source: RowSource, table: CopiedTable): AsyncGenerator<readonly CopiedRow[]> {
  let last: CopiedRow | undefined;
  for (;;) {
    const rows = await source.page(table, last);
    if (rows.length === 0) return;
    yield rows;
    last = rows.at(-1);
  }
}

function logOf(row: CopiedRow): Log {
  const end = { seq: Number(row["head_seq"]), hash: String(row["head_hash"]) };
  return { key: String(row["key"]), end, seq: 0, hash: rootHash, isBroken: false };
}

/** The first event of a log that cannot be believed ends the reading of it. */
function follow(log: Log | undefined, row: CopiedRow, findings: Findings): void {
  if (!log || log.isBroken) return;
  const sessionId = String(row["session_id"]);
  const problem = linkProblem(log, row);
  if (problem) {
    log.isBroken = true;
    findings.add({ where: "session", sessionId, key: log.key, ...problem });
    return;
  }
  log.seq = Number(row["seq"]);
  log.hash = String(row["hash"]);
}

function linkProblem(log: Log, row: CopiedRow): { readonly seq: number; readonly problem: string } | undefined {
  const seq = Number(row["seq"]);
  if (seq !== log.seq + 1) return { seq: log.seq + 1, problem: "it is missing" };
  const parent = row["parent_id"] === null ? {} : { parentId: String(row["parent_id"]) };
  const place = { sessionId: String(row["session_id"]), seq, id: String(row["id"]), at: Number(row["at"]), ...parent };
  const hash = linkHash(log.hash, { ...place, kind: String(row["kind"]), data: String(row["data"]) });
  return hash === row["hash"] ? undefined : { seq, problem: "its hash does not fit" };
}

function inspectEnd(sessionId: string, { key, end, seq, hash, isBroken }: Log, findings: Findings): void {
  if (isBroken || (seq === end.seq && hash === end.hash)) return;
  const problem = seq < end.seq ? "it is missing" : "it is not the event that its log ended with";
  findings.add({ where: "session", sessionId, key, seq: Math.min(seq + 1, end.seq), problem });
}

function inspectBlob({ hash, bytes }: CopiedRow, findings: Findings): void {
  if (bytes instanceof Uint8Array && blobHash(bytes) === hash) return;
  findings.add({ where: "blob", problem: `${String(hash)} has other bytes` });
}

function withSeal(row: CopiedRow): CopiedRow & { readonly seal: unknown } {
  return { ...row, seal: row["seal"] ?? "" };
}

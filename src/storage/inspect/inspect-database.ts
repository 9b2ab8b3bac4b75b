import { sealedTables } from "../rows/seal.ts";
import { type Finding, Findings } from "./finding.ts";
import { inspectBlobs, inspectOutbox, inspectReceipts } from "./inspect-documents.ts";
import { inspectFile } from "./inspect-file.ts";
import { inspectSeals, sealFindings } from "./inspect-seals.ts";
import { inspectSession } from "./inspect-session.ts";
import type { ProjectionCheck } from "./projection-check.ts";
import { openReadOnly, type ReadOnlyDatabase, unreadable } from "./read-only.ts";

export interface InspectionProgress {
  readonly step: "file" | "sessions" | "blobs";
  readonly done: number;
  readonly of: number;
}

export interface InspectOptions {
  readonly path: string;
  readonly checkProjection: (projection: string) => ProjectionCheck;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InspectionProgress) => Promise<void>;
}

/** The head of a session's log, to know the same log by elsewhere. */
export interface LogEnd {
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  /** Of all findings: more than the list holds when there are very many. */
  readonly found: number;
  readonly counts: { readonly sessions: number; readonly events: number; readonly blobs: number };
}

/**
 * Reads all of a database that another process may be writing, and tells what in it is not as it was written. Long logs
 * are read in pieces, so that no reading holds the writer's log back for long; the memory it takes does not grow with
 * the database. Throws `storageUnusable` when the file cannot be read at all.
 */
export async function inspectDatabase(options: InspectOptions): Promise<Inspection> {
  const { path, signal, onProgress, checkProjection } = options;
  using db = openReadOnly(path);
  const findings = new Findings();
  await onProgress({ step: "file", done: 0, of: 1 });
  guarded(findings, { where: "file" }, () => inspectFile(db, findings));
  const counts = { sessions: 0, events: 0, blobs: 0 };
  const total = guarded(findings, { where: "file" }, () => countRows(db, "events")) ?? 0;

  for (let after = ""; ;) {
    const id = guarded(findings, { where: "file" }, () => nextSession(db, after));
    if (id === undefined) break;
    signal.throwIfAborted();
    counts.sessions += 1;
    const steps = inspectSession(db, id, { findings, checkProjection });
    for (let step = steps.next(); !step.done; step = steps.next()) {
      signal.throwIfAborted();
      counts.events += step.value;
      await onProgress({ step: "sessions", done: counts.events, of: Math.max(total, counts.events) });
    }
    after = id;
  }

  const blobs = guarded(findings, { where: "file" }, () => countRows(db, "blobs")) ?? 0;
  const blobSteps = inspectBlobs(db, findings);
  for (let step = blobSteps.next(); !step.done; step = blobSteps.next()) {
    signal.throwIfAborted();
    counts.blobs += step.value;
    await onProgress({ step: "blobs", done: counts.blobs, of: Math.max(blobs, counts.blobs) });
  }
  guarded(findings, { where: "receipt" }, () => inspectReceipts(db, findings));
  guarded(findings, { where: "outbox" }, () => inspectOutbox(db, findings));
  for (const table of sealedTables)
    guarded(findings, { where: sealFindings[table] }, () =>
      inspectSeals(table, db.rows(`SELECT * FROM ${table}`), findings),
    );
  return { findings: findings.list, found: findings.count, counts };
}

/** The ends of all logs, by session id: what a copy of the database must have. */
export function* logEnds(db: ReadOnlyDatabase): Generator<LogEnd> {
  for (let after = ""; ;) {
    const row = db.one<LogEnd>(
      "SELECT id, head_seq AS seq, head_hash AS hash FROM sessions WHERE id > ? AND purged = 0 ORDER BY id LIMIT 1",
      after,
    );
    if (!row) return;
    yield row;
    after = row.id;
  }
}

export function countRows(db: ReadOnlyDatabase, table: string): number {
  return db.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
}

function nextSession(db: ReadOnlyDatabase, after: string): string | undefined {
  return db.one<{ id: string }>("SELECT id FROM sessions WHERE id > ? AND purged = 0 ORDER BY id LIMIT 1", after)?.id;
}

/** Damage that SQLite itself trips over is a finding too, and what else can be read still is. */
function guarded<T>(findings: Findings, place: Omit<Finding, "problem">, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    findings.add({ ...place, problem: unreadable(error) });
    return undefined;
  }
}

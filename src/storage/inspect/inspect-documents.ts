import { Address, type SessionEvent } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import { blobHash } from "../blob-hash.ts";
import { decodeEvent } from "../event-text.ts";
import type { Findings } from "./finding.ts";
import { type ReadOnlyDatabase, unreadable } from "./read-only.ts";

const blobsAtOnce = 64;

/** Yields the count after each piece. */
export function* inspectBlobs(db: ReadOnlyDatabase, findings: Findings): Generator<number, void> {
  for (let after = ""; ;) {
    const hashes = readHashes(db, after, findings);
    const last = hashes.at(-1);
    if (last === undefined) return;
    for (const hash of hashes) inspectBlob(db, hash, findings);
    yield hashes.length;
    after = last;
  }
}

function readHashes(db: ReadOnlyDatabase, after: string, findings: Findings): readonly string[] {
  try {
    const rows = db.rows<{ hash: string }>(
      "SELECT hash FROM blobs WHERE hash > ? ORDER BY hash LIMIT ?",
      after,
      blobsAtOnce,
    );
    return Array.from(rows, ({ hash }) => hash);
  } catch (error) {
    findings.add({ where: "blob", problem: unreadable(error) });
    return [];
  }
}

function inspectBlob(db: ReadOnlyDatabase, hash: string, findings: Findings): void {
  try {
    const blob = db.one<{ bytes: Uint8Array }>("SELECT bytes FROM blobs WHERE hash = ?", hash);
    if (blob && blobHash(blob.bytes) !== hash) findings.add({ where: "blob", problem: `${hash} has other bytes` });
  } catch (error) {
    findings.add({ where: "blob", problem: `${hash}: ${unreadable(error)}` });
  }
}

/** A receipt stands for a turn of its session. */
export function inspectReceipts(db: ReadOnlyDatabase, findings: Findings): void {
  const without = db.one<{ n: number }>(
    `SELECT count(*) AS n FROM receipts WHERE NOT EXISTS
       (SELECT 1 FROM runs WHERE runs.run_id = receipts.run_id AND runs.session_id = receipts.session_id)`,
  )?.n;
  if (without) findings.add({ where: "receipt", problem: `${without} receipts are of turns that are not there` });
}

interface OutboxRow {
  readonly id: string;
  readonly sessionId: string;
  readonly runId: string | null;
  readonly address: string;
  readonly text: string;
}

/** What waits to be delivered has a place to go to, and is what its turn said. */
export function inspectOutbox(db: ReadOnlyDatabase, findings: Findings): void {
  const rows = db.rows<OutboxRow>(
    "SELECT id, session_id AS sessionId, run_id AS runId, address, text FROM outbox ORDER BY n",
  );
  for (const row of rows) {
    const problem = outboxProblem(db, row);
    if (problem !== undefined)
      findings.add({ where: "outbox", sessionId: row.sessionId, problem: `${row.id}: ${problem}` });
  }
}

function outboxProblem(db: ReadOnlyDatabase, { sessionId, runId, address, text }: OutboxRow): string | undefined {
  if (!isAddress(address)) return "its address cannot be read";
  if (runId === null) return undefined;
  const answers = db.rows<{ data: string }>(
    `SELECT data FROM events WHERE session_id = ? AND kind = 'AgentResponse'
       AND seq > (SELECT seq FROM runs WHERE run_id = ? AND session_id = ?) ORDER BY seq`,
    sessionId,
    runId,
    sessionId,
  );
  for (const { data } of answers) {
    const event = decoded(data);
    if (event?.kind !== "AgentResponse" || event.runId !== runId) continue;
    if ((event.text || (event.problem?.message ?? "")) === text) return undefined;
  }
  return "it is not what its turn answered";
}

function decoded(data: string): SessionEvent | undefined {
  try {
    return decodeEvent(data);
  } catch {
    return undefined; // its session's inspection tells of it
  }
}

function isAddress(text: string): boolean {
  try {
    return Check(Address, JSON.parse(text));
  } catch {
    return false; // not JSON is no address either
  }
}

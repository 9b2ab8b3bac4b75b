import type { StoredEvent } from "#protocol";
import { decodeEvent } from "../event-text.ts";
import type { EventRow } from "../event-window.ts";
import { linkHash, rootHash } from "../hash-chain.ts";
import type { SessionRow } from "../storage.ts";
import type { Finding, Findings } from "./finding.ts";
import type { ProjectionCheck } from "./projection-check.ts";
import { type ReadOnlyDatabase, unreadable } from "./read-only.ts";
import { RunAudit } from "./run-audit.ts";

type InspectedRow = Omit<SessionRow, "endedAt"> & { readonly headId: string | null; readonly endedAt: number | null };

interface InspectSessionOptions {
  readonly findings: Findings;
  readonly checkProjection: (projection: string) => ProjectionCheck;
}

const eventsAtOnce = 500;

/**
 * Follows the chain of one session from its first event on, and compares what is kept beside the log with it. Yields the
 * count of events after each piece; nothing of the database is held open between two pieces.
 */
export function* inspectSession(
  db: ReadOnlyDatabase,
  id: string,
  { findings, checkProjection }: InspectSessionOptions,
): Generator<number, void> {
  const tell = (finding: Omit<Finding, "sessionId">) => findings.add({ sessionId: id, ...finding });
  try {
    const begun = readRow(db, id);
    if (!begun) return;
    const log = new LogReading(db, id, checkProjection(begun.projection));
    while (log.remaining(readRow(db, id)) > eventsAtOnce) {
      yield log.proceed(eventsAtOnce);
      if (log.broken) return tell({ where: "session", key: begun.key, ...log.broken });
    }
    const last = db.atOnce(() => finish(db, id, log));
    if (last === undefined) return; // deleted meanwhile
    yield last.count;
    for (const finding of last.findings) tell({ key: begun.key, ...finding });
  } catch (error) {
    tell({ where: "session", problem: unreadable(error) });
  }
}

/** The rest of the log and all that must agree with its end, at one moment. */
function finish(
  db: ReadOnlyDatabase,
  id: string,
  log: LogReading,
): { readonly count: number; readonly findings: readonly Omit<Finding, "sessionId">[] } | undefined {
  const row = readRow(db, id);
  if (!row) return undefined;
  const count = log.proceed(row.headSeq - log.seq);
  if (log.broken) return { count, findings: [{ where: "session", ...log.broken }] };
  const problems = [...headProblems(db, row, log), log.projectionProblem()].filter((one) => one !== undefined);
  return {
    count,
    findings: [
      ...problems.map((problem) => ({ where: "session" as const, problem })),
      ...log.runs.end().map((problem) => ({ where: "turn" as const, problem })),
      ...log.lostPrompts.map((seq) => ({
        where: "blob" as const,
        seq,
        problem: "the prompt that it names is not there",
      })),
    ],
  };
}

function* headProblems(db: ReadOnlyDatabase, row: InspectedRow, log: LogReading): Generator<string> {
  const { first, last, seq, hash } = log;
  const beyond = db.one<{ seq: number }>(
    "SELECT seq FROM events WHERE session_id = ? AND seq > ? LIMIT 1",
    row.id,
    seq,
  );
  if (beyond) yield `there is an event at seq ${beyond.seq}, behind the end of its log`;
  if (hash !== row.headHash) yield `seq ${seq} is not the event that its log ended with`;
  const endedAt = last?.event.kind === "SessionEnded" ? last.at : null;
  if (endedAt !== row.endedAt)
    yield endedAt === null ? "it has ended and its log has not" : "its log has ended and it has not";
  if (last && last.id !== row.headId) yield "the id of its last event is another one";
  if (last && last.at !== row.updatedAt) yield "the time of its last event is another one";
  if (first) yield* beginningProblems(row, first);
}

function* beginningProblems(row: InspectedRow, { at, event }: StoredEvent): Generator<string> {
  if (at !== row.createdAt) yield "the time of its first event is another one";
  if (event.kind !== "SessionStarted") return;
  if (event.key !== row.key) yield "its key is not the one that it was opened with";
  if (event.agentId !== row.agentId) yield "its agent is not the one that it was opened with";
}

/** How far a log was read, and what was seen on the way. */
class LogReading {
  readonly runs: RunAudit;
  readonly lostPrompts: number[] = [];
  readonly #db: ReadOnlyDatabase;
  readonly #sessionId: string;
  readonly #projection: ProjectionCheck;
  readonly #knownBlobs = new Set<string>();
  seq = 0;
  hash = rootHash;
  first: StoredEvent | undefined;
  last: StoredEvent | undefined;
  broken: { readonly seq: number; readonly problem: string } | undefined;

  constructor(db: ReadOnlyDatabase, sessionId: string, projection: ProjectionCheck) {
    this.#db = db;
    this.#sessionId = sessionId;
    this.#projection = projection;
    this.runs = new RunAudit(db, sessionId);
  }

  remaining(row: InspectedRow | undefined): number {
    return row ? row.headSeq - this.seq : 0;
  }

  projectionProblem(): string | undefined {
    return this.#projection.end();
  }

  /** Reads that many events, or up to the first that cannot be believed. */
  proceed(count: number): number {
    const before = this.seq;
    const rows = this.#db.rows<EventRow>(
      `SELECT seq, id, at, parent_id, kind, data, hash FROM events
         WHERE session_id = ? AND seq > ? AND seq <= ? ORDER BY seq`,
      this.#sessionId,
      this.seq,
      this.seq + count,
    );
    for (const row of rows) {
      this.broken = this.#problemOf(row);
      if (this.broken) return this.seq - before;
    }
    if (this.seq < before + count) this.broken = { seq: this.seq + 1, problem: "it is missing" };
    return this.seq - before;
  }

  #problemOf(row: EventRow): LogReading["broken"] {
    const { seq, id, at, parent_id, kind, data, hash } = row;
    if (seq !== this.seq + 1) return { seq: this.seq + 1, problem: "it is missing" };
    const parent = parent_id === null ? {} : { parentId: parent_id };
    const link = { sessionId: this.#sessionId, seq, id, at, ...parent, kind, data };
    if (linkHash(this.hash, link) !== hash) return { seq, problem: "its hash does not fit" };
    try {
      this.#take({ id, sessionId: this.#sessionId, seq, at, ...parent, hash, event: decodeEvent(data) });
      return undefined;
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      return { seq, problem: `it is no event that this version knows (${error.message})` };
    }
  }

  #take(stored: StoredEvent): void {
    this.seq = stored.seq;
    this.hash = stored.hash;
    this.first ??= stored;
    this.last = stored;
    this.#projection.take(stored);
    this.runs.take(stored);
    const { event } = stored;
    if (event.kind === "AgentResponse" && event.prompt && !this.#hasBlob(event.prompt.hash))
      this.lostPrompts.push(stored.seq);
  }

  #hasBlob(hash: string): boolean {
    if (this.#knownBlobs.has(hash)) return true;
    const isThere = this.#db.one("SELECT 1 FROM blobs WHERE hash = ?", hash) !== undefined;
    if (isThere && this.#knownBlobs.size < 10_000) this.#knownBlobs.add(hash);
    return isThere;
  }
}

function readRow(db: ReadOnlyDatabase, id: string): InspectedRow | undefined {
  return db.one<InspectedRow>(
    `SELECT id, key, agent_id AS agentId, created_at AS createdAt, updated_at AS updatedAt, head_seq AS headSeq,
       head_hash AS headHash, head_id AS headId, projection, ended_at AS endedAt
       FROM sessions WHERE id = ? AND purged = 0`,
    id,
  );
}

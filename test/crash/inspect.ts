import { Database } from "bun:sqlite";
import type { SessionEvent } from "#protocol";
import { linkHash, rootHash } from "../../src/storage/hash-chain.ts";
import type { Book, Said } from "./book.ts";
import type { Platform } from "./platform.ts";

interface Row {
  readonly session_id: string;
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly parent_id: string | null;
  readonly kind: string;
  readonly data: string;
  readonly hash: string;
}

interface Session {
  readonly id: string;
  readonly key: string;
  readonly head_seq: number;
  readonly head_hash: string;
}

/** What one run has in the log of its session. */
interface Story {
  readonly sessionKey: string;
  received: number;
  endings: number;
  deliveries: number;
  /** A call got its result after the turn had ended. */
  isLate: boolean;
  readonly called: Set<string>;
  readonly results: Map<string, { times: number; success: boolean; unknown: boolean }>;
}

/** A look at the database from outside, while the gateway has it open or after it is gone. */
export function look<T>(file: string, read: (db: Database) => T): T {
  const db = new Database(file, { readonly: true });
  try {
    db.run("PRAGMA busy_timeout = 5000");
    return db.transaction(() => read(db))();
  } finally {
    db.close();
  }
}

/** What the gateway still owes: turns, deliveries, rests of deleted sessions. */
export function debts(file: string): { readonly runs: number; readonly outbox: number; readonly purges: number } {
  return look(file, (db) => ({
    runs: count(db, "runs WHERE ended_at IS NULL"),
    outbox: count(db, "outbox"),
    purges: count(db, "sessions WHERE purged = 1"),
  }));
}

/** Turns without an ending that were taken up at least so often. */
export function openTurns(file: string, resumed: number): number {
  return look(file, (db) => count(db, `runs WHERE ended_at IS NULL AND resumed >= ${resumed}`));
}

function count(db: Database, what: string): number {
  using statement = db.prepare<{ n: number }, []>(`SELECT count(*) AS n FROM ${what}`);
  return statement.get()?.n ?? 0;
}

export interface Home {
  readonly database: string;
  readonly book: Book;
  readonly platform: Platform;
  /** The lines that tools have written, one for each time that one ran. */
  readonly effects: readonly string[];
}

export interface Findings {
  readonly violations: readonly string[];
  readonly events: number;
  readonly doubleArrivals: number;
  readonly unknownOutcomes: number;
}

/** Everything that must be so when nothing is owed. */
export function inspect({ database, book, platform, effects }: Home): Findings {
  return look(database, (db) => {
    const violations: string[] = [];
    const say = (text: string) => violations.push(text);
    using integrity = db.prepare<{ integrity_check: string }, []>("PRAGMA integrity_check");
    const found = integrity.all().map((row) => row.integrity_check);
    if (found.join() !== "ok") say(`integrity_check: ${found.slice(0, 3).join("; ")}`);

    using selectSessions = db.prepare<Session, []>(
      "SELECT id, key, head_seq, head_hash FROM sessions WHERE purged = 0",
    );
    using selectEvents = db.prepare<Row, [string]>("SELECT * FROM events WHERE session_id = ? ORDER BY seq");
    const stories = new Map<string, Story>();
    const keys = new Set<string>();
    let events = 0;
    for (const session of selectSessions.all()) {
      keys.add(session.key);
      const rows = selectEvents.all(session.id);
      events += rows.length;
      checkChain(session, rows, say);
      readStories(session.key, rows, stories);
    }
    const told = new Map<string, number>();
    for (const { text } of platform.arrivals.values()) told.set(text, (told.get(text) ?? 0) + 1);
    const ran = new Map<string, number>();
    for (const line of effects) ran.set(line, (ran.get(line) ?? 0) + 1);

    for (const said of book.said.values()) {
      const deletion = book.deletions.get(said.sessionKey);
      const story = stories.get(said.id);
      if (deletion === true && story) say(`${said.id} is on disk, and its session was deleted`);
      if (deletion === undefined) checkSaid(said, story, { told, ran, say });
    }
    for (const [key, isAcknowledged] of book.deletions) {
      if (isAcknowledged && keys.has(key)) say(`${key} was deleted and is there`);
    }
    const results = [...stories.values()].flatMap((story) => [...story.results.values()]);
    return {
      violations,
      events,
      doubleArrivals: [...platform.arrivals.values()].reduce((sum, { times }) => sum + times - 1, 0),
      unknownOutcomes: results.filter((result) => result.unknown).length,
    };
  });
}

function checkChain(session: Session, rows: readonly Row[], say: (text: string) => void): void {
  let previous = rootHash;
  for (const [index, row] of rows.entries()) {
    if (row.seq !== index + 1) return say(`${session.key}: seq ${index + 1} is missing`);
    const { session_id: sessionId, seq, id, at, kind, data } = row;
    const parent = row.parent_id === null ? {} : { parentId: row.parent_id };
    if (linkHash(previous, { sessionId, seq, id, at, ...parent, kind, data }) !== row.hash) {
      return say(`${session.key}: the hash of seq ${seq} does not fit`);
    }
    previous = row.hash;
  }
  if (session.head_seq !== rows.length || session.head_hash !== previous) say(`${session.key}: the head does not fit`);
}

function readStories(sessionKey: string, rows: readonly Row[], stories: Map<string, Story>): void {
  for (const row of rows) {
    const event = JSON.parse(row.data) as SessionEvent;
    if (!("runId" in event) || event.runId === undefined) continue;
    let story = stories.get(event.runId);
    if (!story) {
      const [called, results] = [new Set<string>(), new Map()];
      story = { sessionKey, received: 0, endings: 0, deliveries: 0, isLate: false, called, results };
      stories.set(event.runId, story);
    }
    if (event.kind === "MessageReceived") story.received++;
    if (event.kind === "AgentResponse" && event.stopReason !== "toolUse") story.endings++;
    if (event.kind === "MessageSent") story.deliveries++;
    if (event.kind === "ToolCalled") story.called.add(event.callId);
    if (event.kind === "ToolResult") {
      story.isLate ||= story.endings > 0;
      const times = (story.results.get(event.callId)?.times ?? 0) + 1;
      const unknown = event.result.startsWith("Outcome unknown");
      story.results.set(event.callId, { times, success: event.success, unknown });
    }
  }
}

interface World {
  readonly told: ReadonlyMap<string, number>;
  readonly ran: ReadonlyMap<string, number>;
  readonly say: (text: string) => void;
}

function checkSaid(said: Said, story: Story | undefined, { told, ran, say }: World): void {
  const { id, isAcknowledged, way } = said;
  if (!story) {
    if (isAcknowledged) say(`${id} was acknowledged and is not on disk`);
    if (ran.has(id)) say(`${id} ran a tool and is not on disk`);
    return;
  }
  if (story.received !== 1) say(`${id} is on disk ${story.received} times`);
  if (story.endings !== 1) say(`${id} has ${story.endings} endings`);
  if (story.isLate) say(`${id}: a call got its result after the ending`);
  for (const callId of story.called) {
    const result = story.results.get(callId);
    if (!result) say(`${id}: the call ${callId} has no result`);
    if (result && result.times > 1) say(`${id}: the call ${callId} has ${result.times} results`);
    if (result?.success && ran.get(id) !== 1) say(`${id}: its tool succeeded, and ran ${ran.get(id) ?? 0} times`);
  }
  if ((ran.get(id) ?? 0) > story.called.size)
    say(`${id}: its tool ran ${ran.get(id)} times, called ${story.called.size}`);
  if (story.called.size > 1) say(`${id}: its tool was called ${story.called.size} times`);
  if (way !== "pigeon") return;
  const reached = (told.get(`echo ${id}`) ?? 0) + (told.get(`done ${id}`) ?? 0);
  if (reached > 1) say(`${id}: its answer reached the platform ${reached} times under different keys`);
  if (story.deliveries > 1) say(`${id}: its answer is recorded as sent ${story.deliveries} times`);
  if (story.endings === 1 && story.deliveries === 0) say(`${id}: its answer was not delivered`);
}

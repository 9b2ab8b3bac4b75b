import type { Clock } from "#base";
import { fault, type StoredEvent } from "#protocol";
import { blobHash } from "../blob-hash.ts";
import { type EventRow, verifyWindow, windowOf } from "../event-window.ts";
import { prepareParts } from "../prepare-append.ts";
import type {
  Append,
  Appended,
  BlobRow,
  EventRange,
  OutboxClaim,
  OutboxRow,
  Receipt,
  RecordRow,
  RecordWrite,
  RunRow,
  SentPlace,
  SessionRow,
  Storage,
} from "../storage.ts";
import { documentOf } from "../rows/document-row.ts";
import { freeAt, isDue, type OutboxRecord, outboxOf } from "../rows/outbox-row.ts";
import { receiptOf } from "../rows/receipt-row.ts";
import { appendTo } from "../tables/append.ts";
import { writeDocuments } from "../tables/documents.ts";
import { buryRow, claimRow, postponeRow, releaseRows } from "../tables/outbox.ts";
import { runOf, sessionOf } from "../tables/rows.ts";
import { pair, type SessionRecord, Tables } from "../tables/tables.ts";
import { byteOrder, recentFirst } from "./order.ts";

const mostListed = 1_000;

/** Everything in memory and gone with the process: for tries and tests. Nothing but the process bounds it. */
export function openMemory({ clock }: { readonly clock: Clock }): Storage {
  return new MemoryStorage(clock);
}

class MemoryStorage implements Storage {
  readonly backend = "memory";
  readonly #clock: Clock;
  readonly #tables = new Tables({ remembersChanges: false });
  readonly #blobs = new Map<string, BlobRow>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async append(append: Append): Promise<Appended> {
    return this.#write(() =>
      appendTo(this.#tables, { parts: prepareParts(append), receipt: append.receipt }, this.#clock.now()),
    );
  }

  async events(sessionId: string, range: EventRange): Promise<readonly StoredEvent[]> {
    const session = this.#read().sessions.get(sessionId);
    if (!session) return [];
    const window = windowOf({ sessionId, seq: session.head_seq, hash: session.head_hash }, range);
    const rows: EventRow[] = [];
    for (let seq = window.start; seq < window.start + window.count; seq++) {
      const row = this.#tables.events.get(pair(sessionId, seq));
      if (row) rows.push(row);
    }
    if (window.count === 0) return [];
    return verifyWindow(window, rows, this.#tables.events.get(pair(sessionId, window.start - 1))?.hash);
  }

  async sessionByKey(key: string): Promise<SessionRow | undefined> {
    const live = this.#read().live.get(key);
    const session = live && this.#tables.sessions.get(live.id);
    return session && sessionOf(session);
  }

  async endedSessions(key: string): Promise<readonly SessionRow[]> {
    const ended = this.#sessions((session) => session.key === key && session.ended_at !== null);
    return ended.toSorted((a, b) => a.created_at - b.created_at || byteOrder(a.id, b.id)).map(sessionOf);
  }

  async sessions(page: {
    readonly limit: number;
    readonly before?: number;
    readonly beforeId?: string;
  }): Promise<readonly SessionRow[]> {
    const last = { updated_at: page.before ?? Number.MAX_SAFE_INTEGER, id: page.beforeId ?? "" };
    const older = this.#sessions((session) => session.ended_at === null && recentFirst(last, session) < 0);
    return older.toSorted(recentFirst).slice(0, Math.max(0, page.limit)).map(sessionOf);
  }

  async deleteSession(sessionId: string): Promise<void> {
    this.#write(() => {
      const session = this.#tables.sessions.get(sessionId);
      if (!session) return;
      this.#tables.sessions.delete(sessionId);
      if (this.#tables.live.get(session.key)?.id === sessionId) this.#tables.live.delete(session.key);
      for (let seq = 1; seq <= session.head_seq; seq++) this.#tables.events.delete(pair(sessionId, seq));
      this.#deleteDependents(sessionId);
    });
  }

  async receipt(scope: string, key: string): Promise<Receipt | undefined> {
    const row = this.#read().receipts.get(pair(scope, key));
    return row && receiptOf(row);
  }

  async run(runId: string): Promise<RunRow | undefined> {
    return this.#runs().findLast((run) => run.runId === runId);
  }

  async openRuns(page: Parameters<Storage["openRuns"]>[0] = {}): Promise<readonly RunRow[]> {
    const { after = 0, key, limit = mostListed } = page;
    const open = this.#runs().filter((run) => run.endedAt === undefined && run.n > after);
    return open.filter((run) => key === undefined || run.key === key).slice(0, Math.max(0, limit));
  }

  async dueOutbox(page: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]> {
    const due = this.#firstOfEach().filter((row) => isDue(row, page.now));
    return this.#outboxRows(due, page.limit);
  }

  async nextOutboxAt(now: number): Promise<number | undefined> {
    const times = this.#firstOfEach().map(freeAt);
    const next = times.filter((at) => at > now).toSorted((a, b) => a - b);
    return next[0];
  }

  async claimOutbox(id: string, claim: OutboxClaim): Promise<number | undefined> {
    return this.#write(() => claimRow(this.#tables, id, claim));
  }

  async postponeOutbox(id: string, next: Parameters<Storage["postponeOutbox"]>[1]): Promise<boolean> {
    return this.#write(() => postponeRow(this.#tables, id, next));
  }

  async releaseOutbox(owner: string): Promise<void> {
    this.#write(() => releaseRows(this.#tables, owner));
  }

  async buryOutbox(n: number, problem: string): Promise<boolean> {
    return this.#write(() => buryRow(this.#tables, { n, problem, now: this.#clock.now() }));
  }

  async outbox(page: Parameters<Storage["outbox"]>[0]): Promise<readonly OutboxRow[]> {
    const { limit, after = 0, isDead, id, runId } = page;
    const found = this.#outbox().filter(
      (row) =>
        row.n > after &&
        (id === undefined || row.id === id) &&
        (runId === undefined || row.run_id === runId) &&
        (isDead === undefined || (row.dead_at !== null) === isDead),
    );
    return this.#outboxRows(found, limit);
  }

  async sentMessages(messageId: string, limit: number): Promise<readonly SentPlace[]> {
    const sent = [...this.#read().events.values()].filter((row) => row.sent_id === messageId);
    return sent
      .toSorted((a, b) => b.at - a.at)
      .slice(0, Math.max(0, limit))
      .map(({ session_id: sessionId, seq }) => ({ sessionId, key: this.#keyOf(sessionId), seq }));
  }

  async sweep(old: Parameters<Storage["sweep"]>[0]): Promise<number> {
    return this.#write(() => {
      const { receipts, outbox, records } = this.#tables;
      const oldReceipts = [...receipts.values()].filter((row) => row.at < old.receiptsBefore).slice(0, old.limit);
      const dead = this.#outbox().filter((row) => row.dead_at !== null && row.dead_at < old.deadLettersBefore);
      const oldRecords = old.records.flatMap(({ kind, before }) =>
        [...records.values()].filter((row) => row.kind === kind && row.updated_at < before).slice(0, old.limit),
      );
      for (const row of oldReceipts) receipts.delete(pair(row.scope, row.key));
      for (const row of dead.slice(0, old.limit)) outbox.delete(row.id);
      for (const row of oldRecords) records.delete(pair(row.kind, row.id));
      return oldReceipts.length + Math.min(dead.length, old.limit) + oldRecords.length;
    });
  }

  async records(page: {
    readonly kind: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly RecordRow[]> {
    const { kind, after = "", limit } = page;
    const found = [...this.#read().records.values()].filter((row) => row.kind === kind && byteOrder(row.id, after) > 0);
    return found
      .toSorted((a, b) => byteOrder(a.id, b.id))
      .slice(0, limit)
      .map(documentOf);
  }

  async record(kind: string, id: string): Promise<RecordRow | undefined> {
    const row = this.#read().records.get(pair(kind, id));
    return row && documentOf(row);
  }

  async writeRecords(writes: readonly RecordWrite[]): Promise<boolean> {
    return this.#write(() => writeDocuments(this.#tables, writes, this.#clock.now()));
  }

  async putBlob({ mimeType, bytes }: { readonly mimeType: string; readonly bytes: Uint8Array }): Promise<string> {
    return this.#write(() => {
      const hash = blobHash(bytes);
      if (!this.#blobs.has(hash)) this.#blobs.set(hash, { hash, mimeType, bytes: bytes.slice() });
      return hash;
    });
  }

  async blob(hash: string): Promise<BlobRow | undefined> {
    this.#read();
    const found = this.#blobs.get(hash);
    return found && { ...found, bytes: found.bytes.slice() };
  }

  async health(): Promise<{ readonly ok: boolean; readonly problem?: string }> {
    return this.#isClosed ? { ok: false, problem: "it is closed" } : { ok: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  #read(): Tables {
    if (this.#isClosed) throw fault.storageUnavailable({ problem: "it is closed" });
    return this.#tables;
  }

  #write<T>(change: () => T): T {
    return this.#read().journal.attempt(change);
  }

  #sessions(isWanted: (session: SessionRecord) => boolean): SessionRecord[] {
    return [...this.#read().sessions.values()].filter(isWanted);
  }

  #runs(): RunRow[] {
    const runs = [...this.#read().runs.values()].toSorted((a, b) => a.n - b.n);
    return runs.map((run) => runOf(run, this.#keyOf(run.session_id)));
  }

  #keyOf(sessionId: string): string {
    const session = this.#tables.sessions.get(sessionId);
    if (!session) throw new Error(`a row of session ${sessionId} outlived it`);
    return session.key;
  }

  /** What goes to one address goes in order, so only its oldest row may go. */
  #firstOfEach(): OutboxRecord[] {
    const seen = new Set<string>();
    const living = this.#outbox().filter((row) => row.dead_at === null);
    return living.filter(({ address }) => !seen.has(address) && seen.add(address));
  }

  #outbox(): OutboxRecord[] {
    return [...this.#read().outbox.values()].toSorted((a, b) => a.n - b.n);
  }

  #outboxRows(rows: readonly OutboxRecord[], limit: number): OutboxRow[] {
    return rows.slice(0, Math.max(0, limit)).map((row) => outboxOf(row, this.#keyOf(row.session_id)));
  }

  #deleteDependents(sessionId: string): void {
    const { receipts, runs, openRuns, outbox } = this.#tables;
    const isItsOwn = (row: { readonly session_id: string }) => row.session_id === sessionId;
    for (const row of [...receipts.values()].filter(isItsOwn)) receipts.delete(pair(row.scope, row.key));
    for (const row of [...runs.values()].filter(isItsOwn)) runs.delete(pair(row.run_id, sessionId));
    for (const row of [...outbox.values()].filter(isItsOwn)) outbox.delete(row.id);
    openRuns.delete(sessionId);
  }
}

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
  OutboxRow,
  Receipt,
  RecordRow,
  RecordWrite,
  RunRow,
  SessionRow,
  Storage,
} from "../storage.ts";
import { appendTo, receiptOf } from "../tables/append.ts";
import { documentOf, writeDocuments } from "../tables/documents.ts";
import { outboxOf, runOf, sessionOf } from "../tables/rows.ts";
import { type OutboxRecord, pair, type SessionRecord, Tables } from "../tables/tables.ts";
import { byteOrder, recentFirst } from "./order.ts";

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

  async openRuns(): Promise<readonly RunRow[]> {
    return this.#runs().filter((run) => run.endedAt === undefined);
  }

  async dueOutbox(page: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]> {
    const due = this.#firstOfEach().filter((row) => row.next_at <= page.now);
    return due.slice(0, Math.max(0, page.limit)).map((row) => outboxOf(row, this.#keyOf(row.session_id)));
  }

  async nextOutboxAt(now: number): Promise<number | undefined> {
    const later = this.#firstOfEach().filter((row) => row.next_at > now);
    return later.length === 0 ? undefined : Math.min(...later.map((row) => row.next_at));
  }

  async postponeOutbox(
    id: string,
    { attempts, nextAt, problem }: { readonly attempts: number; readonly nextAt: number; readonly problem: string },
  ): Promise<void> {
    this.#write(() => {
      const row = this.#tables.outbox.get(id);
      if (row) this.#tables.outbox.set(id, { ...row, attempts, next_at: nextAt, problem });
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
    return [...this.#read().outbox.values()]
      .toSorted((a, b) => a.n - b.n)
      .filter(({ address }) => !seen.has(address) && seen.add(address));
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

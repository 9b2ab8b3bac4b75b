import { type Clock, failPoint, type Log, newId } from "#base";
import { type Delta, Fault, fault, type SessionEvent, type StoredEvent } from "#protocol";
import type { Append, Appended, EventRange, NewEvent, RunRow, Storage } from "#storage";
import { type Cell, Cells } from "./cells.ts";
import { summarise } from "./fold.ts";
import { Followers } from "./followers.ts";
import { type HistoryPage, readEvents, readHistory } from "./history.ts";
import { extended, type LiveSession, loadSession, openedBy, stateOf } from "./live-session.ts";
import type { Past } from "./past.ts";
import { type Damage, Quarantine } from "./quarantine.ts";
import type { Replay } from "./replay.ts";
import { type SettingsChange, settingEvents } from "./setting-events.ts";
import { agentOf, parseSessionKey } from "./session-key.ts";
import type {
  AppendOptions,
  Imported,
  SessionListing,
  SessionNotice,
  Sessions,
  SessionState,
  TranscriptPage,
  TranscriptRange,
} from "./sessions.ts";
import type { ImportDesk, ImportPiece } from "./transcript-file/import-desk.ts";
import { emptySummary, readProjection, type SessionSettings, type SessionSummary, writeProjection } from "./summary.ts";

const mostListed = 1_000;

interface SessionsOptions {
  readonly storage: Storage;
  readonly log: Log;
  readonly clock: Clock;
  /** For sessions that nobody is using now. */
  readonly cacheBytes: number;
}

/** Does not own the storage: it is closed by who opened it, afterwards. */
export function createSessions(options: SessionsOptions): Sessions {
  return new StoredSessions(options);
}

/** Appends of one session go to the storage together; what opens, ends or changes it as a whole goes alone. */
class StoredSessions implements Sessions {
  readonly #storage: Storage;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #cells: Cells;
  readonly #followers: Followers;
  readonly #quarantine = new Quarantine();
  #imports: ImportDesk | undefined;
  #isClosed = false;

  constructor({ storage, log, clock, cacheBytes }: SessionsOptions) {
    this.#storage = storage;
    this.#log = log;
    this.#clock = clock;
    this.#cells = new Cells(cacheBytes);
    this.#followers = new Followers(log);
  }

  async state(key: string): Promise<SessionState | undefined> {
    const known = this.#cells.peek(key)?.state;
    if (known && !this.#quarantine.has(key)) return known;
    return this.#guarded(key, () =>
      this.#cells.enter(key, isUnread, async (cell) => {
        await this.#read(cell);
        return cell.state;
      }),
    );
  }

  peek(key: string): SessionState | undefined {
    return this.#cells.peek(key)?.state;
  }

  async append(key: string, events: readonly SessionEvent[], options: AppendOptions = {}): Promise<Appended> {
    this.#refuseWhenClosed();
    const { mustExist, ...rest } = options;
    return this.#guarded(key, () =>
      this.#cells.enter(key, isUnread, async (cell) => {
        const session = cell.session ?? (await this.#read(cell));
        if (!session && mustExist) throw fault.sessionNotFound({ key });
        if (!session) return this.#open(cell, events, rest);
        const news = this.#stamped(events);
        // Others on their way would have to be in the summary too; then the log keeps it until the next append.
        const projection = cell.gate.isShared ? {} : { projection: projectionAfter(session.fold, news) };
        return this.#write(cell, { ...rest, sessionId: session.id, events: news, ...projection });
      }),
    );
  }

  async history(key: string, page: { readonly limit: number; readonly before?: number }): Promise<HistoryPage> {
    return this.#guarded(key, async () => {
      // A session that nobody uses is not read twice, once for its window and once for its history.
      const id = this.#cells.peek(key)?.session?.id ?? (await this.#storage.sessionByKey(key))?.id;
      return id === undefined ? { rows: [], hasMore: false } : readHistory(this.#storage, id, page);
    });
  }

  async *events(key: string): AsyncIterable<StoredEvent> {
    const state = await this.state(key);
    if (!state) return;
    try {
      yield* readEvents(this.#storage, state.id, state.headSeq);
    } catch (error) {
      throw await this.#translated(key, error);
    }
  }

  read({ key, sessionId }: Pick<RunRow, "key" | "sessionId">, range: EventRange): Promise<readonly StoredEvent[]> {
    return this.#unlessBroken(key, () => this.#storage.events(sessionId, range));
  }

  past(key: string, seq: number): Promise<Past> {
    return this.#unlessBroken(key, async () => {
      const [row, { pastOf }] = await Promise.all([this.#storage.sessionByKey(key), import("./past.ts")]);
      if (!row) throw fault.sessionNotFound({ key });
      return pastOf(this.#storage, row, seq);
    });
  }

  transcript(key: string, page: TranscriptRange): Promise<TranscriptPage> {
    return this.#unlessBroken(key, async () => {
      const { readTranscript } = await import("./transcript-file/read-transcript.ts");
      return readTranscript(this.#storage, key, page);
    });
  }

  async takePiece(piece: ImportPiece): Promise<number> {
    this.#refuseWhenClosed();
    const { ImportDesk } = await import("./transcript-file/import-desk.ts");
    this.#imports ??= new ImportDesk();
    return this.#imports.take(piece);
  }

  async importFile(uploadId: string, key: string | undefined): Promise<Imported> {
    this.#refuseWhenClosed();
    const { readImport, refuseKnown } = await import("./transcript-file/import-file.ts");
    const { place, file } = readImport(this.#imports?.finish(uploadId), key);
    return this.#cells.enter(place.key, always, async (cell) => {
      await refuseKnown(this.#storage, place.key, file.sessionId);
      const { events, sessionId, ...about } = file;
      const projection = projectionAfter({ seq: 0, summary: emptySummary }, events);
      const opens = { key: place.key, agentId: place.agentId };
      await this.#storage.append({ sessionId, opens, events, projection });
      cell.session = undefined;
      return { ...about, sessionId, key: place.key, events: events.length };
    });
  }

  replay(key: string, { mends }: { readonly mends: boolean }): Promise<Replay & { readonly isMended: boolean }> {
    this.#refuseWhenClosed();
    return this.#unlessBroken(key, () =>
      this.#cells.enter(key, always, async (cell) => {
        const [row, { replaySession }] = await Promise.all([this.#storage.sessionByKey(key), import("./replay.ts")]);
        if (!row) throw fault.sessionNotFound({ key });
        const replay = await replaySession(this.#storage, row, cell.session?.fold.summary);
        const isMended = mends && (replay.differences.length > 0 || replay.stored === "absent");
        if (!isMended) return { ...replay, isMended };
        const projection = writeProjection({ seq: row.headSeq, summary: replay.summary });
        await this.#storage.append({ sessionId: row.id, events: [], projection });
        cell.session = undefined;
        return { ...replay, isMended };
      }),
    );
  }

  damaged(): readonly Damage[] {
    return this.#quarantine.list();
  }

  async list(page: {
    readonly limit: number;
    readonly before?: number;
    readonly beforeId?: string;
  }): Promise<readonly SessionListing[]> {
    const limit = Math.min(mostListed, Math.max(1, page.limit));
    const listed: SessionListing[] = [];
    for (const row of await this.#storage.sessions({ ...page, limit })) {
      const { id, key, agentId, createdAt, updatedAt, headSeq, projection } = row;
      const stored = readProjection(projection);
      const summary = stored?.seq === headSeq ? stored.summary : await this.#summaryOf(key);
      listed.push({ id, key, agentId, createdAt, updatedAt, summary: summary ?? emptySummary });
    }
    return listed;
  }

  async patch(key: string, change: SettingsChange): Promise<SessionState> {
    this.#refuseWhenClosed();
    return this.#guarded(key, () =>
      this.#cells.enter(key, always, async (cell) => {
        const session = await this.#read(cell);
        if (!session) throw fault.sessionNotFound({ key });
        const news = this.#stamped(settingEvents(session.fold.summary.settings, change));
        const projection = projectionAfter(session.fold, news);
        if (news.length > 0) await this.#write(cell, { sessionId: session.id, events: news, projection });
        failPoint("sessions.patch.stored");
        return cell.state ?? stateOf(session);
      }),
    );
  }

  async reset(key: string): Promise<boolean> {
    this.#refuseWhenClosed();
    return this.#cells.enter(key, always, async (cell) => {
      const session = await this.#identity(cell);
      if (!session) return false;
      const ended = this.#stamped([{ kind: "SessionEnded", reason: "reset" }]);
      const { is, ...successor } = this.#opening(key, settingEvents({}, session.settings));
      failPoint("sessions.reset.begin");
      const appended = await this.#storage.append({ sessionId: session.id, events: ended, successor });
      failPoint("sessions.reset.stored");
      const events = appended.taken ? appended.events : [];
      const opened = events.filter((event) => event.sessionId === is.id);
      cell.session = openedBy(is, opened);
      this.#quarantine.lift(key);
      this.#tell(
        cell.session,
        events.filter((event) => event.sessionId === session.id),
      );
      this.#tell(cell.session, opened);
      return true;
    });
  }

  async delete(key: string): Promise<boolean> {
    this.#refuseWhenClosed();
    return this.#cells.enter(key, always, async (cell) => {
      const session = await this.#identity(cell);
      const ended = await this.#storage.endedSessions(key);
      for (const { id } of ended) await this.#storage.deleteSession(id);
      failPoint("sessions.delete.endedGone");
      if (session) await this.#storage.deleteSession(session.id);
      failPoint("sessions.delete.gone");
      cell.session = undefined;
      this.#quarantine.lift(key);
      if (!session && ended.length === 0) return false;
      this.#followers.tell({ type: "deleted", key, agentId: agentOf(key) });
      return true;
    });
  }

  stream(key: string, delta: Delta): void {
    this.#followers.tell({ type: "delta", key, agentId: agentOf(key), delta });
  }

  subscribe(listener: (notice: SessionNotice) => void): () => void {
    return this.#followers.add(listener);
  }

  run(runId: string): Promise<RunRow | undefined> {
    return this.#storage.run(runId);
  }

  /** Takes nothing more, and waits for what is on its way to the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#imports?.[Symbol.dispose]();
    await this.#cells.idle();
  }

  async #read(cell: Cell): Promise<LiveSession | undefined> {
    cell.session ??= await loadSession(this.#storage, this.#log, cell.key);
    return cell.session;
  }

  /** Enough to end a session or to take it away, which must be possible when its log cannot be believed. */
  async #identity(cell: Cell): Promise<{ readonly id: string; readonly settings: SessionSettings } | undefined> {
    const row = cell.session ? undefined : await this.#storage.sessionByKey(cell.key);
    if (row) return { id: row.id, settings: readProjection(row.projection)?.summary.settings ?? {} };
    return cell.session && { id: cell.session.id, settings: cell.session.fold.summary.settings };
  }

  async #summaryOf(key: string): Promise<SessionSummary | undefined> {
    try {
      return (await this.state(key))?.summary;
    } catch (error) {
      if (error instanceof Fault && error.code === "sessionDamaged") return undefined;
      throw error;
    }
  }

  #guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#quarantine.check(key);
    return this.#unlessBroken(key, work);
  }

  async #unlessBroken<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.#translated(key, error);
    }
  }

  #translated(key: string, error: unknown): Promise<unknown> {
    return this.#quarantine.translate(key, error, async (id) => (await this.#storage.sessionByKey(key))?.id === id);
  }

  async #open(cell: Cell, events: readonly SessionEvent[], options: AppendOptions): Promise<Appended> {
    const { is, ...opening } = this.#opening(cell.key, events);
    failPoint("sessions.open.begin");
    const appended = await this.#storage.append({ ...options, ...opening });
    if (!appended.taken) return appended;
    failPoint("sessions.open.stored");
    cell.session = openedBy(is, appended.events);
    this.#tell(cell.session, appended.events);
    return appended;
  }

  async #write(cell: Cell, append: Append): Promise<Appended> {
    failPoint("sessions.append.begin");
    const appended = await this.#storage.append(append);
    failPoint("sessions.append.stored");
    if (!appended.taken || !cell.session) return appended;
    const isNext = (appended.events[0]?.seq ?? cell.session.fold.seq + 1) === cell.session.fold.seq + 1;
    // Acknowledged out of order: what is remembered cannot be trusted, the log can.
    const { agentId, key } = cell.session;
    cell.session = isNext ? extended(cell.session, appended.events) : undefined;
    this.#tell({ agentId, key }, appended.events);
    return appended;
  }

  #opening(key: string, events: readonly SessionEvent[]) {
    const place = parseSessionKey(key, { agentId: agentOf(key) });
    if (!place.ok || place.key !== key) throw new Error(`“${key}” is not a canonical session key`);
    const { agentId, channel, peerId } = place;
    const peer = peerId === undefined ? {} : { peerId };
    const news = this.#stamped([{ kind: "SessionStarted", key, agentId, channel, ...peer }, ...events]);
    const id = newId();
    return {
      is: { id, key, agentId },
      sessionId: id,
      opens: { key, agentId },
      events: news,
      projection: projectionAfter({ seq: 0, summary: emptySummary }, news),
    };
  }

  #stamped(events: readonly SessionEvent[]): NewEvent[] {
    const at = this.#clock.now();
    return events.map((event) => ({ id: newId(), at, event }));
  }

  #tell({ key, agentId }: { readonly key: string; readonly agentId: string }, events: readonly StoredEvent[]): void {
    if (events.length > 0) this.#followers.tell({ type: "appended", key, agentId, events });
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw fault.shuttingDown({});
  }
}

function isUnread(cell: Cell): boolean {
  return cell.session === undefined;
}

function always(): boolean {
  return true;
}

function projectionAfter(
  fold: { readonly seq: number; readonly summary: SessionSummary },
  events: readonly NewEvent[],
): string {
  const summary = events.reduce((before, { event }) => summarise(before, event), fold.summary);
  return writeProjection({ seq: fold.seq + events.length, summary });
}

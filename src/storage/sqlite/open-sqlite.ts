import { type Clock, failPoint, type Log } from "#base";
import { Fault, fault, type StoredEvent } from "#protocol";
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
  Upkeep,
} from "../storage.ts";
import { DamagedRows } from "../damaged-rows.ts";
import { Appender } from "./append.ts";
import { Blobs } from "./blobs.ts";
import { Connection } from "./connection.ts";
import { EventLog } from "./event-log.ts";
import { GroupCommit } from "./group-commit.ts";
import { Outbox } from "./outbox.ts";
import { Purge } from "./purge.ts";
import { Receipts } from "./receipts.ts";
import { Records } from "./records.ts";
import { Runs } from "./runs.ts";
import { SessionTable } from "./session-table.ts";
import { isDamage, troubleOf } from "./trouble.ts";

const probeEveryMs = 1_000;

/** Turns that a crash cut off are taken up first. */
const afterCrashMs = 1_000;

interface SqliteOptions {
  /** A file in a folder that exists, or `:memory:`. */
  readonly path: string;
  readonly log: Log;
  readonly clock: Clock;
  /** The file grows no larger; then it is as if the disk were full. Without it, the disk is the bound. */
  readonly mostBytes?: number;
  /** The write-ahead log grows no larger than about this, whoever reads. */
  readonly mostLogBytes?: number;
}

/** Throws `storageUnusable` when the file is damaged, not allowed, or written by a newer version. */
export function openSqlite(options: SqliteOptions): Storage {
  return new SqliteStorage(options);
}

class SqliteStorage implements Storage {
  readonly backend = "sqlite";
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #sessions: SessionTable;
  readonly #events: EventLog;
  readonly #receipts: Receipts;
  readonly #runs: Runs;
  readonly #outbox: Outbox;
  readonly #blobs: Blobs;
  readonly #records: Records;
  readonly #appender: Appender;
  readonly #purge: Purge;
  readonly #path: string;
  readonly #damaged: DamagedRows;
  #upkeep: Upkeep | undefined;
  #damage: string | undefined;
  #warning: string | undefined;
  #probedAt = -Infinity;

  constructor({ path, log, clock, ...bounds }: SqliteOptions) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#connection = new Connection(path, bounds);
    this.#commits = new GroupCommit(this.#connection, log);
    this.#sessions = new SessionTable(this.#connection);
    this.#events = new EventLog(this.#connection);
    this.#damaged = new DamagedRows(log);
    this.#receipts = new Receipts(this.#connection, { clock, damaged: this.#damaged });
    this.#runs = new Runs(this.#connection);
    this.#outbox = new Outbox(this.#connection, this.#damaged);
    this.#blobs = new Blobs(this.#connection, clock);
    this.#records = new Records(this.#connection, { clock, damaged: this.#damaged });
    this.#appender = new Appender(this.#connection, {
      clock,
      receipts: this.#receipts,
      runs: this.#runs,
      outbox: this.#outbox,
    });
    this.#purge = new Purge(this.#connection);
    this.#finishPurges();
    this.#lookAround();
  }

  async append(append: Append): Promise<Appended> {
    return this.#commits.enqueue(this.#appender.prepare(append));
  }

  async events(sessionId: string, range: EventRange): Promise<readonly StoredEvent[]> {
    return this.#read(() => this.#events.read(sessionId, range));
  }

  async sessionByKey(key: string): Promise<SessionRow | undefined> {
    return this.#read(() => this.#sessions.live(key));
  }

  async endedSessions(key: string): Promise<readonly SessionRow[]> {
    return this.#read(() => this.#sessions.ended(key));
  }

  async sessions(page: {
    readonly limit: number;
    readonly before?: number;
    readonly beforeId?: string;
  }): Promise<readonly SessionRow[]> {
    return this.#read(() => this.#sessions.page(page));
  }

  async deleteSession(sessionId: string): Promise<void> {
    await this.#commits.enqueue(() => this.#purge.begin(sessionId, this.#clock.now()));
    failPoint("storage.purge.hidden");
    await this.#purgeRest(sessionId);
  }

  async receipt(scope: string, key: string): Promise<Receipt | undefined> {
    return this.#read(() => this.#receipts.find(scope, key));
  }

  async run(runId: string): Promise<RunRow | undefined> {
    return this.#read(() => this.#runs.find(runId));
  }

  async openRuns(page: Parameters<Storage["openRuns"]>[0] = {}): Promise<readonly RunRow[]> {
    return this.#read(() => this.#runs.open(page));
  }

  async dueOutbox(page: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]> {
    return this.#read(() => this.#outbox.due(page.now, page.limit));
  }

  async nextOutboxAt(now: number): Promise<number | undefined> {
    return this.#read(() => this.#outbox.nextAt(now));
  }

  claimOutbox(id: string, claim: OutboxClaim): Promise<number | undefined> {
    return this.#commits.enqueue(() => this.#outbox.claim(id, claim));
  }

  postponeOutbox(id: string, next: Parameters<Storage["postponeOutbox"]>[1]): Promise<boolean> {
    return this.#commits.enqueue(() => this.#outbox.postpone(id, next));
  }

  buryOutbox(n: number, problem: string): Promise<boolean> {
    return this.#commits.enqueue(() => this.#outbox.bury(n, problem, this.#clock.now()));
  }

  releaseOutbox(owner: string): Promise<void> {
    return this.#commits.enqueue(() => this.#outbox.release(owner));
  }

  async outbox(page: Parameters<Storage["outbox"]>[0]): Promise<readonly OutboxRow[]> {
    return this.#read(() => this.#outbox.page(page));
  }

  async sentMessages(messageId: string, limit: number): Promise<readonly SentPlace[]> {
    return this.#read(() => this.#events.sent(messageId, limit));
  }

  sweep(old: Parameters<Storage["sweep"]>[0]): Promise<number> {
    return this.#commits.enqueue(() => {
      const records = old.records.map(({ kind, before }) => this.#records.sweep(kind, before, old.limit));
      return [
        this.#receipts.sweep(old.receiptsBefore, old.limit),
        this.#outbox.sweep(old.deadLettersBefore, old.limit),
        ...records,
      ].reduce((sum, gone) => sum + gone, 0);
    });
  }

  async records(page: {
    readonly kind: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly RecordRow[]> {
    return this.#read(() => this.#records.page(page));
  }

  async record(kind: string, id: string): Promise<RecordRow | undefined> {
    return this.#read(() => this.#records.find(kind, id));
  }

  async writeRecords(writes: readonly RecordWrite[]): Promise<boolean> {
    const copies = writes.map((write) => ({ ...write }));
    return this.#commits.enqueue(() => this.#records.write(copies));
  }

  putBlob(blob: { readonly mimeType: string; readonly bytes: Uint8Array }): Promise<string> {
    const put = this.#blobs.prepare(blob);
    return this.#commits.enqueue(put);
  }

  async blob(hash: string): Promise<BlobRow | undefined> {
    return this.#read(() => this.#blobs.find(hash));
  }

  async upkeep(): Promise<Upkeep> {
    const { SqliteUpkeep } = await import("./upkeep.ts");
    return (this.#upkeep ??= new SqliteUpkeep(this.#connection, (write) => this.#commits.enqueue(write)));
  }

  async health(): Promise<{ readonly ok: boolean; readonly problem?: string; readonly warning?: string }> {
    this.#probe();
    const problem = this.#readProblem() ?? this.#commits.problem ?? this.#damage;
    if (problem !== undefined) return { ok: false, problem };
    const warning = this.#warning ?? this.#damaged.warning;
    return warning === undefined ? { ok: true } : { ok: true, warning };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#commits.isClosed) return;
    this.#commits.close();
    this.#connection.close();
  }

  #read<T>(read: () => T): T {
    if (this.#commits.isClosed) throw fault.storageUnavailable({ problem: "it is closed" });
    try {
      return read();
    } catch (error) {
      const problem = troubleOf(error);
      if (problem === undefined) throw error;
      // A damaged place stays damaged, also when the next reading finds another one in order.
      if (isDamage(error)) this.#damage ??= problem;
      throw fault.storageUnusable({ path: this.#path, problem }, error);
    }
  }

  #readProblem(): string | undefined {
    if (this.#connection.isFileGone()) return "its file was removed or replaced; what is written now is lost";
    try {
      this.#read(() => this.#receipts.find("", ""));
      return undefined;
    } catch (error) {
      return troubleOf(error instanceof Fault ? error.cause : error) ?? "it cannot be read";
    }
  }

  /** Whoever stops sending because the health is red would leave it red for ever, so a red one tries a write of its own. */
  #probe(): void {
    const now = this.#clock.elapsed();
    if (this.#commits.problem === undefined || this.#commits.isClosed || now - this.#probedAt < probeEveryMs) return;
    this.#probedAt = now;
    this.#commits
      .enqueue(() => this.#blobs.probe())
      .catch((error: unknown) => {
        this.#log.debug("the storage still does not take writes", { error });
      });
  }

  async #purgeRest(sessionId: string): Promise<void> {
    while (!(await this.#commits.enqueue(() => this.#purge.proceed(sessionId))));
  }

  /** What a crash left of deleted sessions. */
  #finishPurges(): void {
    for (const sessionId of this.#read(() => this.#purge.unfinished()))
      this.#purgeRest(sessionId).catch((error: unknown) => {
        this.#log.warn("a deleted session is not off the disk yet", { sessionId, error });
      });
  }

  /** After a process that did not close it: whether all of its log was there, and soon whether its small tables are in order. */
  #lookAround(): void {
    const { found } = this.#connection;
    if (found === "closed") return;
    if (found === "cutLog") {
      this.#warn("the end of its write-ahead log was lost, and with it what was written last");
      return;
    }
    const check = async () => {
      const { checkSmallTables } = await import("./after-crash.ts");
      const problem = await checkSmallTables(this.#connection, () => Bun.sleep(0));
      if (problem !== undefined) this.#warn(problem);
    };
    setTimeout(() => {
      if (this.#commits.isClosed) return;
      check().catch((error: unknown) => {
        if (!this.#commits.isClosed) this.#warn(troubleOf(error) ?? "it could not be checked");
      });
    }, afterCrashMs).unref();
  }

  #warn(problem: string): void {
    this.#warning = `${problem}; \`openclaw doctor storage\` tells more`;
    this.#log.error("the storage is damaged", { problem: this.#warning });
  }
}

import type { Clock, Log } from "#base";
import { fault, type StoredEvent } from "#protocol";
import { blobHash } from "../blob-hash.ts";
import { DamagedRows } from "../damaged-rows.ts";
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
import { appendTo } from "../tables/append.ts";
import { writeDocuments } from "../tables/documents.ts";
import { buryRow, claimRow, postponeRow, releaseRows } from "../tables/outbox.ts";
import type { Claim } from "./claim.ts";
import type { GroupWrite } from "./group-write.ts";
import type { MarkedWrites } from "./marked-writes.ts";
import { Reads } from "./reads.ts";
import type { Server } from "./server.ts";
import { toText } from "./text.ts";
import { troubleOf } from "./trouble.ts";
import { needsOfAppend, needsOfRecords } from "./workspace.ts";

const probeEveryMs = 1_000;
const eventsAtOnce = 2_000;

interface Parts {
  readonly server: Server;
  readonly claim: Claim;
  readonly writes: MarkedWrites;
  readonly groups: GroupWrite;
  readonly clock: Clock;
  readonly log: Log;
}

export class PostgresStorage implements Storage {
  readonly backend = "postgres";
  readonly #parts: Parts;
  readonly #groups: GroupWrite;
  readonly #clock: Clock;
  readonly #reads: Reads;
  readonly #damaged: DamagedRows;
  #probedAt = -Infinity;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#groups = parts.groups;
    this.#clock = parts.clock;
    this.#damaged = new DamagedRows(parts.log);
    this.#reads = new Reads(parts.server, this.#damaged);
    void this.#finishPurges();
  }

  async append(append: Append): Promise<Appended> {
    const prepared = { parts: prepareParts(append), receipt: append.receipt };
    return this.#groups.decide(needsOfAppend(prepared), (tables) => appendTo(tables, prepared, this.#clock.now()));
  }

  async events(sessionId: string, range: EventRange): Promise<readonly StoredEvent[]> {
    return this.#read(() => this.#reads.events(sessionId, range));
  }

  async sessionByKey(key: string): Promise<SessionRow | undefined> {
    return this.#read(() => this.#reads.sessionByKey(key));
  }

  async endedSessions(key: string): Promise<readonly SessionRow[]> {
    return this.#read(() => this.#reads.endedSessions(key));
  }

  async sessions(page: Parameters<Storage["sessions"]>[0]): Promise<readonly SessionRow[]> {
    return this.#read(() => this.#reads.sessions(page));
  }

  async deleteSession(sessionId: string): Promise<void> {
    await this.#groups.order({ hide: toText(sessionId), now: this.#clock.now() });
    await this.#purgeRest(sessionId);
  }

  async receipt(scope: string, key: string): Promise<Receipt | undefined> {
    return this.#read(() => this.#reads.receipt(scope, key));
  }

  async run(runId: string): Promise<RunRow | undefined> {
    return this.#read(() => this.#reads.run(runId));
  }

  async openRuns(page?: Parameters<Storage["openRuns"]>[0]): Promise<readonly RunRow[]> {
    return this.#read(() => this.#reads.openRuns(page));
  }

  async dueOutbox(page: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]> {
    return this.#read(() => this.#reads.dueOutbox(page));
  }

  async nextOutboxAt(now: number): Promise<number | undefined> {
    return this.#read(() => this.#reads.nextOutboxAt(now));
  }

  async claimOutbox(id: string, claim: OutboxClaim): Promise<number | undefined> {
    return this.#groups.decide({ outbox: [id] }, (tables) => claimRow(tables, id, claim));
  }

  async postponeOutbox(id: string, next: Parameters<Storage["postponeOutbox"]>[1]): Promise<boolean> {
    return this.#groups.decide({ outbox: [id] }, (tables) => postponeRow(tables, id, next));
  }

  async releaseOutbox(owner: string): Promise<void> {
    await this.#groups.decide({ outboxOwners: [owner] }, (tables) => releaseRows(tables, owner));
  }

  async buryOutbox(n: number, problem: string): Promise<boolean> {
    const now = this.#clock.now();
    return this.#groups.decide({ outboxPlaces: [n] }, (tables) => buryRow(tables, { n, problem, now }));
  }

  async outbox(page: Parameters<Storage["outbox"]>[0]): Promise<readonly OutboxRow[]> {
    return this.#read(() => this.#reads.outbox(page));
  }

  async sentMessages(messageId: string, limit: number): Promise<readonly SentPlace[]> {
    return this.#read(() => this.#reads.sentMessages(messageId, limit));
  }

  async sweep({ receiptsBefore, deadLettersBefore, records, limit }: Parameters<Storage["sweep"]>[0]): Promise<number> {
    const kinds = records.map(({ kind, before }) => ({ kind: toText(kind), before }));
    return this.#groups.order({ sweep: { receiptsBefore, deadLettersBefore, records: kinds }, limit });
  }

  async records(page: Parameters<Storage["records"]>[0]): Promise<readonly RecordRow[]> {
    return this.#read(() => this.#reads.records(page));
  }

  async record(kind: string, id: string): Promise<RecordRow | undefined> {
    return this.#read(() => this.#reads.record(kind, id));
  }

  async writeRecords(writes: readonly RecordWrite[]): Promise<boolean> {
    const copies = writes.map((write) => ({ ...write }));
    return this.#groups.decide(needsOfRecords(copies), (tables) => writeDocuments(tables, copies, this.#clock.now()));
  }

  async putBlob({ mimeType, bytes }: { readonly mimeType: string; readonly bytes: Uint8Array }): Promise<string> {
    const hash = blobHash(bytes);
    const blob = { hash, mime_type: toText(mimeType), bytes: bytes.toBase64(), created_at: this.#clock.now() };
    await this.#groups.order({ blobs: [blob] });
    return hash;
  }

  async blob(hash: string): Promise<BlobRow | undefined> {
    return this.#read(() => this.#reads.blob(hash));
  }

  async health(): Promise<{ readonly ok: boolean; readonly problem?: string; readonly warning?: string }> {
    this.#probe();
    const problem = this.#groups.problem ?? (await this.#readProblem());
    if (problem !== undefined) return { ok: false, problem };
    const { warning } = this.#damaged;
    return warning === undefined ? { ok: true } : { ok: true, warning };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#groups.isClosed) return;
    this.#parts.writes.stop();
    await this.#groups.close();
    await this.#parts.server.close();
    await this.#parts.claim.close(); // last, so that nobody else writes before we are done
  }

  async #read<T>(look: () => Promise<T>): Promise<T> {
    if (this.#groups.isClosed) throw fault.storageUnavailable({ problem: "it is closed" });
    try {
      return await look();
    } catch (error) {
      const trouble = troubleOf(error);
      if (!trouble) throw error;
      throw fault.storageUnavailable({ problem: trouble.problem }, error);
    }
  }

  async #readProblem(): Promise<string | undefined> {
    if (this.#groups.isClosed) return "it is closed";
    try {
      await this.#reads.receipt("", "");
      return undefined;
    } catch (error) {
      return troubleOf(error)?.problem ?? "it cannot be read";
    }
  }

  /** Whoever stops sending because the health is red would leave it red for ever, so a red one tries a write that changes nothing. */
  #probe(): void {
    const now = this.#clock.elapsed();
    if (this.#groups.problem === undefined || this.#groups.isClosed || now - this.#probedAt < probeEveryMs) return;
    this.#probedAt = now;
    this.#groups.order({}).catch((error: unknown) => {
      this.#parts.log.debug("the storage still does not take writes", { error });
    });
  }

  async #purgeRest(sessionId: string): Promise<void> {
    while ((await this.#groups.order({ purge: toText(sessionId), limit: eventsAtOnce })) > 0);
  }

  /** What a crash left of deleted sessions. */
  async #finishPurges(): Promise<void> {
    try {
      for (const sessionId of await this.#reads.purged()) await this.#purgeRest(sessionId);
    } catch (error) {
      if (!this.#groups.isClosed) this.#parts.log.warn("deleted sessions are not off the disk yet", { error });
    }
  }
}

import type { StoredEvent } from "#protocol";
import { blobHash } from "../blob-hash.ts";
import { type EventRow, verifyWindow, windowOf } from "../event-window.ts";
import type {
  BlobRow,
  EventRange,
  OutboxRow,
  Receipt,
  RecordRow,
  RunRow,
  SentPlace,
  SessionRow,
  Storage,
} from "../storage.ts";
import type { DamagedRows } from "../damaged-rows.ts";
import { type DocumentRecord, documentOf } from "../rows/document-row.ts";
import { beyondAllMs, isDue, type OutboxRecord, outboxOf } from "../rows/outbox-row.ts";
import { type ReceiptRecord, receiptOf } from "../rows/receipt-row.ts";
import { runOf, sessionOf } from "../tables/rows.ts";
import type { RunRecord, SessionRecord } from "../tables/tables.ts";
import type { Param, Server } from "./server.ts";
import { fromText, mapTexts, toText } from "./text.ts";

const mostListed = 1_000;
const firstOfEach = "n IN (SELECT min(n) FROM openclaw.outbox WHERE dead_at IS NULL GROUP BY address)";
const freeAt = "greatest(next_at, coalesce(claimed_until, 0))";

/** What can be asked. Rows come as JSON, in which numbers are numbers. */
export class Reads {
  readonly #server: Server;

  readonly #damaged: DamagedRows;

  constructor(server: Server, damaged: DamagedRows) {
    this.#server = server;
    this.#damaged = damaged;
  }

  async events(sessionId: string, range: EventRange): Promise<readonly StoredEvent[]> {
    const head = await this.#head(sessionId);
    if (!head) return [];
    const window = windowOf({ sessionId, ...head }, range);
    const { start, count } = window;
    if (count === 0) return [];
    const rows = await this.#rows<EventRow>(
      "SELECT * FROM openclaw.events WHERE session_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq",
      [toText(sessionId), start - 1, start + count],
    );
    try {
      const before = rows[0]?.seq === start - 1 ? rows[0] : undefined;
      return verifyWindow(window, before ? rows.slice(1) : rows, before?.hash);
    } catch (error) {
      if (!(await this.#head(sessionId))) return []; // it was deleted between the two looks
      throw error;
    }
  }

  async sessionByKey(key: string): Promise<SessionRow | undefined> {
    const sql = "SELECT * FROM openclaw.sessions WHERE key = $1 AND ended_at IS NULL";
    const [row] = await this.#rows<SessionRecord>(sql, [toText(key)]);
    return row && sessionOf(row);
  }

  async endedSessions(key: string): Promise<readonly SessionRow[]> {
    const sql = `SELECT * FROM openclaw.sessions WHERE key = $1 AND ended_at IS NOT NULL AND purged = 0
      ORDER BY created_at, id`;
    return (await this.#rows<SessionRecord>(sql, [toText(key)])).map(sessionOf);
  }

  async sessions(page: Parameters<Storage["sessions"]>[0]): Promise<readonly SessionRow[]> {
    const { limit, before = Number.MAX_SAFE_INTEGER, beforeId = "" } = page;
    const sql = `SELECT * FROM openclaw.sessions WHERE ended_at IS NULL AND (updated_at, id) < ($1::float8, $2)
      ORDER BY updated_at DESC, id DESC LIMIT $3`;
    return (await this.#rows<SessionRecord>(sql, [before, toText(beforeId), Math.max(0, limit)])).map(sessionOf);
  }

  async receipt(scope: string, key: string): Promise<Receipt | undefined> {
    const sql = "SELECT * FROM openclaw.receipts WHERE scope = $1 AND key = $2";
    const [row] = await this.#rows<ReceiptRecord>(sql, [toText(scope), toText(key)]);
    return this.#damaged.receipt(row && receiptOf(row));
  }

  async run(runId: string): Promise<RunRow | undefined> {
    const sql = `${runs} WHERE run_id = $1 ORDER BY n DESC LIMIT 1`;
    const [row] = await this.#rows<RunRecord & Keyed>(sql, [toText(runId)]);
    return row && runOf(row, row.key);
  }

  async openRuns({ after = 0, key, limit = mostListed }: OpenPage = {}): Promise<readonly RunRow[]> {
    const sql = `${runs} WHERE r.ended_at IS NULL AND n > $1 AND ($2::text IS NULL OR key = $2) ORDER BY n LIMIT $3`;
    const params = [after, key === undefined ? null : toText(key), Math.max(0, limit)];
    return (await this.#rows<RunRecord & Keyed>(sql, params)).map((row) => runOf(row, row.key));
  }

  async dueOutbox({ now, limit }: { readonly now: number; readonly limit: number }): Promise<readonly OutboxRow[]> {
    const sql = `${outbox} WHERE ${firstOfEach} AND (${freeAt} <= $1::float8 OR ${freeAt} > $2::float8) ORDER BY n LIMIT $3`;
    return this.#outboxRows(sql, [now, now + beyondAllMs, Math.max(0, limit)], (row) => isDue(row, now));
  }

  async nextOutboxAt(now: number): Promise<number | undefined> {
    const sql = `SELECT min(${freeAt}) AS at FROM openclaw.outbox WHERE ${firstOfEach} AND ${freeAt} > $1::float8`;
    const [row] = await this.#rows<{ readonly at: number | null }>(sql, [now]);
    return row?.at ?? undefined;
  }

  async outbox(page: Parameters<Storage["outbox"]>[0]): Promise<readonly OutboxRow[]> {
    const { limit, after = 0, isDead, id, runId } = page;
    const sql = `${outbox} WHERE n > $1 AND ($2::text IS NULL OR o.id = $2) AND ($3::text IS NULL OR run_id = $3)
      AND ($4::bool IS NULL OR (dead_at IS NOT NULL) = $4) ORDER BY n LIMIT $5`;
    const [wantedId, wantedRun] = [id, runId].map((text) => (text === undefined ? null : toText(text)));
    return this.#outboxRows(sql, [after, wantedId ?? null, wantedRun ?? null, isDead ?? null, Math.max(0, limit)]);
  }

  async sentMessages(messageId: string, limit: number): Promise<readonly SentPlace[]> {
    const sql = `SELECT session_id AS "sessionId", key, seq FROM openclaw.events JOIN openclaw.sessions s ON s.id = session_id
      WHERE sent_id = $1 AND purged = 0 ORDER BY at DESC LIMIT $2`;
    return this.#rows<SentPlace>(sql, [toText(messageId), Math.max(0, limit)]);
  }

  async records(page: Parameters<Storage["records"]>[0]): Promise<readonly RecordRow[]> {
    const { kind, after = "", limit } = page;
    const sql = "SELECT * FROM openclaw.records WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
    const rows = await this.#rows<DocumentRecord>(sql, [toText(kind), toText(after), Math.max(0, limit)]);
    return this.#damaged.records(rows.map(documentOf));
  }

  async record(kind: string, id: string): Promise<RecordRow | undefined> {
    const sql = "SELECT * FROM openclaw.records WHERE kind = $1 AND id = $2";
    const rows = await this.#rows<DocumentRecord>(sql, [toText(kind), toText(id)]);
    return this.#damaged.records(rows.map(documentOf))[0];
  }

  async blob(hash: string): Promise<BlobRow | undefined> {
    const sql = "SELECT mime_type, bytes FROM openclaw.blobs WHERE hash = $1";
    const [row] = await this.#server.reading(() =>
      this.#server.query<{ readonly mime_type: string; readonly bytes: Uint8Array }>(sql, [toText(hash)]),
    );
    if (!row) return undefined;
    const bytes = new Uint8Array(row.bytes);
    if (blobHash(bytes) !== hash) throw new Error(`the blob ${hash} is damaged`);
    return { hash, mimeType: fromText(row.mime_type), bytes };
  }

  /** Sessions that are being deleted. */
  async purged(): Promise<readonly string[]> {
    const rows = await this.#rows<{ readonly id: string }>("SELECT id FROM openclaw.sessions WHERE purged = 1", []);
    return rows.map(({ id }) => id);
  }

  async #head(sessionId: string): Promise<{ readonly seq: number; readonly hash: string } | undefined> {
    const sql = "SELECT head_seq AS seq, head_hash AS hash FROM openclaw.sessions WHERE id = $1 AND purged = 0";
    const [head] = await this.#rows<{ readonly seq: number; readonly hash: string }>(sql, [toText(sessionId)]);
    return head;
  }

  async #outboxRows(
    sql: string,
    params: readonly Param[],
    isWanted: (row: OutboxRecord) => boolean = () => true,
  ): Promise<readonly OutboxRow[]> {
    const rows = await this.#rows<OutboxRecord & { readonly session_key: string | null }>(sql, params);
    return this.#damaged.outbox(rows.filter(isWanted).map((row) => outboxOf(row, row.session_key)));
  }

  async #rows<Row extends object>(sql: string, params: readonly Param[]): Promise<readonly Row[]> {
    const asJson = `SELECT row_to_json(found) AS found FROM (${sql}) found`;
    const rows = await this.#server.reading(() => this.#server.query<{ readonly found: Row }>(asJson, params));
    return rows.map(({ found }) => mapTexts(found, fromText));
  }
}

interface Keyed {
  readonly key: string;
}

type OpenPage = NonNullable<Parameters<Storage["openRuns"]>[0]>;

const runs = "SELECT r.*, key FROM openclaw.runs r JOIN openclaw.sessions s ON s.id = session_id";
const outbox = `SELECT o.*, s.key AS session_key FROM openclaw.outbox o
  LEFT JOIN openclaw.sessions s ON s.id = session_id`;

import type { EndedSession, FileBlob, Upkeep } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

const eventsAtOnce = 2_000;
/** So many free pages stay for what comes next: giving each back only to take it again would be work for nothing. */
const spareShare = 0.1;
const sparePages = 256;
const pagesAtOnce = 64;

type Enqueue = <T>(write: () => T) => Promise<T>;

/** What the database does for itself in quiet moments. Every call looks at, or changes, a little. */
export class SqliteUpkeep implements Upkeep {
  readonly #enqueue: Enqueue;
  readonly #connection: Connection;
  readonly #ended: Lazy<EndedSession, [number, string, number]>;
  readonly #weigh: Lazy<{ readonly bytes: number | null; readonly last: number | null }, [string, number, number]>;
  readonly #named: Lazy<{ readonly hash: string | null; readonly last: number }, [number, number]>;
  readonly #candidates: Lazy<{ readonly hash: string }, [string, number, number]>;
  readonly #delete: Lazy<unknown, [string, string, number]>;
  readonly #files: Lazy<FileBlob, [string, number, string, number]>;
  readonly #naming: Lazy<{ readonly text: string }, [string]>;
  readonly #deleteFile: Lazy<unknown, [string, string, number]>;
  readonly #pages: Lazy<{ readonly free: number; readonly all: number }, []>;
  readonly #last: Lazy<{ readonly last: number | null }, []>;

  constructor(connection: Connection, enqueue: Enqueue) {
    this.#connection = connection;
    this.#enqueue = enqueue;
    this.#ended = connection.statement(
      `SELECT id, ended_at AS endedAt FROM sessions
         WHERE ended_at IS NOT NULL AND purged = 0 AND (ended_at, id) < (?, ?) ORDER BY ended_at DESC, id DESC LIMIT ?`,
    );
    this.#weigh = connection.statement(
      `SELECT sum(bytes) AS bytes, max(seq) AS last FROM
         (SELECT octet_length(data) AS bytes, seq FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?)`,
    );
    this.#named = connection.statement(
      `SELECT CASE kind WHEN 'AgentResponse' THEN json_extract(data, '$.prompt.hash') END AS hash, rowid AS last
         FROM events WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    );
    this.#candidates = connection.statement(
      "SELECT hash FROM blobs WHERE mime_type = ? AND created_at < ? ORDER BY created_at LIMIT ?",
    );
    this.#delete = connection.statement("DELETE FROM blobs WHERE hash = ? AND mime_type = ? AND created_at < ?");
    this.#files = connection.statement(
      `SELECT hash, created_at AS at, octet_length(bytes) AS bytes FROM blobs
         WHERE mime_type <> ? AND (created_at, hash) < (?, ?) ORDER BY created_at DESC, hash DESC LIMIT ?`,
    );
    this.#naming = connection.statement(
      `SELECT files AS text FROM outbox WHERE files IS NOT NULL
         UNION ALL SELECT data FROM records WHERE kind IN (SELECT value FROM json_each(?))`,
    );
    this.#deleteFile = connection.statement("DELETE FROM blobs WHERE hash = ? AND mime_type <> ? AND created_at < ?");
    this.#pages = connection.statement(
      'SELECT freelist_count AS free, page_count AS "all" FROM pragma_freelist_count, pragma_page_count',
    );
    this.#last = connection.statement("SELECT max(rowid) AS last FROM events");
  }

  async endedSessions(page: {
    readonly before?: EndedSession;
    readonly limit: number;
  }): Promise<readonly EndedSession[]> {
    const { before, limit } = page;
    return this.#ended().all(before?.endedAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? "", limit);
  }

  async weigh(sessionId: string, after: number): Promise<{ readonly bytes: number; readonly last?: number }> {
    const { bytes, last } = this.#weigh().get(sessionId, after, eventsAtOnce) ?? { bytes: 0, last: null };
    return { bytes: bytes ?? 0, ...(last !== null && { last }) };
  }

  async blobs(kind: {
    readonly mimeType: string;
    readonly before: number;
    readonly limit: number;
  }): Promise<readonly string[]> {
    const { mimeType, before, limit } = kind;
    return Array.from(this.#candidates().all(mimeType, before, limit), ({ hash }) => hash);
  }

  async promptsNamed(after: number): Promise<{ readonly hashes: readonly string[]; readonly last?: number }> {
    const rows = this.#named().all(after, eventsAtOnce);
    const last = rows.at(-1)?.last;
    return { hashes: rows.flatMap(({ hash }) => hash ?? []), ...(last !== undefined && { last }) };
  }

  deleteBlobs(
    hashes: readonly string[],
    known: { readonly mimeType: string; readonly before: number; readonly upTo: number },
  ): Promise<number | undefined> {
    return this.#enqueue(() => {
      if ((this.#last().get()?.last ?? 0) !== known.upTo) return undefined;
      return hashes.reduce((sum, hash) => sum + this.#delete().run(hash, known.mimeType, known.before).changes, 0);
    });
  }

  async files(page: {
    readonly besides: string;
    readonly before?: FileBlob;
    readonly limit: number;
  }): Promise<readonly FileBlob[]> {
    const { besides, before, limit } = page;
    return this.#files().all(besides, before?.at ?? Number.MAX_SAFE_INTEGER, before?.hash ?? "", limit);
  }

  deleteFiles(
    hashes: readonly string[],
    {
      besides,
      before,
      namedBy,
    }: { readonly besides: string; readonly before: number; readonly namedBy: readonly string[] },
  ): Promise<number> {
    return this.#enqueue(() => {
      const naming = this.#naming().all(JSON.stringify(namedBy));
      const named = new Set(naming.flatMap(({ text }) => text.match(/[0-9a-f]{64}/g) ?? []));
      const free = hashes.filter((hash) => !named.has(hash));
      return free.reduce((sum, hash) => sum + this.#deleteFile().run(hash, besides, before).changes, 0);
    });
  }

  reclaim(): Promise<boolean> {
    return this.#enqueue(() => {
      const { free, all } = this.#pages().get() ?? { free: 0, all: 0 };
      if (free <= sparePages || free < all * spareShare) return false;
      this.#connection.db.query(`PRAGMA incremental_vacuum(${pagesAtOnce})`).all();
      return (this.#pages().get()?.free ?? 0) < free; // a file made by an older version cannot shrink
    });
  }
}

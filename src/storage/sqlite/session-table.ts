import type { SessionRow } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

type Found = Omit<SessionRow, "endedAt"> & { readonly endedAt: number | null };

const select = `SELECT id, key, agent_id AS agentId, created_at AS createdAt, updated_at AS updatedAt, head_seq AS headSeq,
  head_hash AS headHash, projection, ended_at AS endedAt FROM sessions`;

export class SessionTable {
  readonly #live: Lazy<Found, [string]>;
  readonly #ended: Lazy<Found, [string]>;
  readonly #page: Lazy<Found, [number, string, number]>;

  constructor(connection: Connection) {
    this.#live = connection.statement(`${select} WHERE key = ? AND ended_at IS NULL`);
    this.#ended = connection.statement(
      `${select} WHERE key = ? AND ended_at IS NOT NULL AND purged = 0 ORDER BY created_at, id`,
    );
    this.#page = connection.statement(
      `${select} WHERE ended_at IS NULL AND (updated_at, id) < (?, ?) ORDER BY updated_at DESC, id DESC LIMIT ?`,
    );
  }

  live(key: string): SessionRow | undefined {
    const found = this.#live().get(key);
    return found ? sessionRow(found) : undefined;
  }

  ended(key: string): readonly SessionRow[] {
    return this.#ended().all(key).map(sessionRow);
  }

  page(page: { readonly limit: number; readonly before?: number; readonly beforeId?: string }): readonly SessionRow[] {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    return this.#page()
      .all(before, page.beforeId ?? "", Math.max(0, page.limit))
      .map(sessionRow);
  }
}

function sessionRow({ endedAt, ...row }: Found): SessionRow {
  return { ...row, ...(endedAt === null ? {} : { endedAt }) };
}

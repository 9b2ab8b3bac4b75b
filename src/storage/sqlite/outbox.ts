import type { DamagedRows } from "../damaged-rows.ts";
import {
  beyondAllMs,
  buried,
  claimed,
  isDue,
  letGo,
  newOutboxRow,
  type OutboxRecord,
  outboxOf,
  postponed,
  settled,
} from "../rows/outbox-row.ts";
import type { NewOutboxRow, OutboxClaim, OutboxRow, Settlement, Storage } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

type Found = OutboxRecord & { readonly session_key: string | null };

const select = `SELECT outbox.*, sessions.key AS session_key FROM outbox LEFT JOIN sessions ON sessions.id = session_id`;

/** What goes to one address goes in order, so only its oldest row may go. */
const isFirst = "n IN (SELECT min(n) FROM outbox WHERE dead_at IS NULL GROUP BY address)";

/** The times at which a row is its own and its time has come. */
const freeAt = "max(next_at, coalesce(claimed_until, 0))";

/** Reads rows and writes what becomes of them; what may become of them stands elsewhere, for all databases. */
export class Outbox {
  readonly #damaged: DamagedRows;
  readonly #due: Lazy<Found, [number, number, number]>;
  readonly #next: Lazy<{ readonly at: number | null }, [number]>;
  readonly #page: Lazy<Found, [number, string | null, string | null, string | null, string | null, string, number]>;
  readonly #byId: Lazy<OutboxRecord, [string]>;
  readonly #byPlace: Lazy<OutboxRecord, [number]>;
  readonly #byOwner: Lazy<OutboxRecord, [string]>;
  readonly #last: Lazy<{ readonly n: number | null }, []>;
  readonly #insert: Lazy<unknown, (string | number | null)[]>;
  readonly #change: Lazy<unknown, (string | number | null)[]>;
  readonly #delete: Lazy<unknown, [string]>;
  readonly #sweep: Lazy<unknown, [number, number]>;

  constructor(connection: Connection, damaged: DamagedRows) {
    this.#damaged = damaged;
    this.#due = connection.statement(
      `${select} WHERE ${isFirst} AND (${freeAt} <= ? OR ${freeAt} > ?) ORDER BY n LIMIT ?`,
    );
    this.#next = connection.statement(`SELECT min(${freeAt}) AS at FROM outbox WHERE ${isFirst} AND ${freeAt} > ?`);
    this.#page = connection.statement(
      `${select} WHERE n > ? AND (? IS NULL OR outbox.id = ?) AND (? IS NULL OR run_id = ?)
         AND (dead_at IS NOT NULL) IN (SELECT value FROM json_each(?)) ORDER BY n LIMIT ?`,
    );
    this.#byId = connection.statement("SELECT * FROM outbox WHERE id = ?");
    this.#byPlace = connection.statement("SELECT * FROM outbox WHERE n = ?");
    this.#byOwner = connection.statement("SELECT * FROM outbox WHERE owner = ?");
    this.#last = connection.statement("SELECT max(n) AS n FROM outbox");
    this.#insert = connection.statement(
      `INSERT INTO outbox (n, id, session_id, run_id, address, text, files, created_at, next_at, seal)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#change = connection.statement(
      `UPDATE outbox SET n = ?, created_at = ?, attempts = ?, next_at = ?, problem = ?, claim = ?, owner = ?,
         claimed_until = ?, may_be_sent = ?, dead_at = ?, seal = ? WHERE n = ?`,
    );
    this.#delete = connection.statement("DELETE FROM outbox WHERE id = ?");
    this.#sweep = connection.statement(
      "DELETE FROM outbox WHERE n IN (SELECT n FROM outbox WHERE dead_at < ? ORDER BY n LIMIT ?)",
    );
  }

  due(now: number, limit: number): readonly OutboxRow[] {
    const found = this.#due().all(now, now + beyondAllMs, Math.max(0, limit));
    return this.#told(found.filter((row) => isDue(row, now)));
  }

  nextAt(now: number): number | undefined {
    return this.#next().get(now)?.at ?? undefined;
  }

  page({ limit, after = 0, isDead, id, runId }: Parameters<Storage["outbox"]>[0]): readonly OutboxRow[] {
    const states = JSON.stringify(isDead === undefined ? [0, 1] : [Number(isDead)]);
    const wanted = [id ?? null, id ?? null, runId ?? null, runId ?? null] as const;
    return this.#told(this.#page().all(after, ...wanted, states, Math.max(0, limit)));
  }

  queue(row: NewOutboxRow, sessionId: string, now: number): void {
    const { n, id, session_id, run_id, address, text, files, created_at, next_at, seal } = newOutboxRow(row, {
      n: this.#nextPlace(),
      sessionId,
      now,
    });
    this.#insert().run(n, id, session_id, run_id, address, text, files, created_at, next_at, seal);
  }

  claim(id: string, claim: OutboxClaim): number | undefined {
    const before = this.#byId().get(id);
    const row = before ? claimed(before, claim) : undefined;
    this.#replace(before, row);
    return row?.claim;
  }

  postpone(id: string, next: Parameters<Storage["postponeOutbox"]>[1]): boolean {
    const before = this.#byId().get(id);
    return this.#replace(before, before ? postponed(before, next) : undefined);
  }

  bury(n: number, problem: string, now: number): boolean {
    const before = this.#byPlace().get(n);
    return this.#replace(before, before ? buried(before, problem, now) : undefined);
  }

  release(owner: string): void {
    for (const row of this.#byOwner().all(owner)) this.#replace(row, letGo(row));
  }

  /** Throws the fault of a settlement that cannot be made. */
  settle(settlement: Settlement, now: number): void {
    const before = this.#byId().get(settlement.id) ?? undefined;
    const row = settled(before, settlement, { now, nextN: () => this.#nextPlace() });
    if (!this.#replace(before, row)) this.#delete().run(settlement.id);
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }

  #replace(before: OutboxRecord | null | undefined, row: OutboxRecord | undefined): boolean {
    if (!before || !row) return false;
    const { n, created_at, attempts, next_at, problem, claim, owner, claimed_until, may_be_sent, dead_at, seal } = row;
    const place = [n, created_at, attempts, next_at, problem] as const;
    this.#change().run(...place, claim, owner, claimed_until, may_be_sent, dead_at, seal, before.n);
    return true;
  }

  #nextPlace(): number {
    return (this.#last().get()?.n ?? 0) + 1;
  }

  #told(rows: readonly Found[]): readonly OutboxRow[] {
    return this.#damaged.outbox(rows.map((row) => outboxOf(row, row.session_key)));
  }
}

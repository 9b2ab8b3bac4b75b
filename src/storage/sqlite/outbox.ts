import { Address, fault } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import { filesIn } from "../outbox-file.ts";
import type { OutboxClaim, OutboxRow, Settlement, Storage } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

interface Found {
  readonly id: string;
  readonly n: number;
  readonly sessionId: string;
  readonly key: string;
  readonly runId: string | null;
  readonly address: string;
  readonly text: string;
  readonly files: string | null;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAt: number;
  readonly problem: string | null;
  readonly claim: number;
  readonly claimedUntil: number | null;
  readonly mayBeSent: number;
  readonly deadAt: number | null;
}

const select = `SELECT outbox.id, n, session_id AS sessionId, key, run_id AS runId, address, text, files,
    outbox.created_at AS createdAt, attempts, next_at AS nextAt, problem, claim, claimed_until AS claimedUntil,
    may_be_sent AS mayBeSent, dead_at AS deadAt
  FROM outbox JOIN sessions ON sessions.id = session_id`;

/** What goes to one address goes in order, so only its oldest row may go. */
const isFirst = "n IN (SELECT min(n) FROM outbox WHERE dead_at IS NULL GROUP BY address)";

/** The times at which a row is its own and its time has come. */
const freeAt = "max(next_at, coalesce(claimed_until, 0))";

export class Outbox {
  readonly #due: Lazy<Found, [number, number]>;
  readonly #next: Lazy<{ readonly at: number | null }, [number]>;
  readonly #page: Lazy<Found, [number, string | null, string | null, string | null, string | null, string, number]>;
  readonly #claim: Lazy<{ readonly claim: number }, [string, number, string, number, number]>;
  readonly #postpone: Lazy<unknown, [number, number, string, number, string, number]>;
  readonly #release: Lazy<unknown, [string]>;
  readonly #sent: Lazy<unknown, [string, number]>;
  readonly #bury: Lazy<unknown, [number, number, string, number, string, number]>;
  readonly #replay: Lazy<unknown, [number, number, string]>;
  readonly #drop: Lazy<unknown, [string]>;
  readonly #sweep: Lazy<unknown, [number, number]>;

  constructor(connection: Connection) {
    const held = "id = ? AND claim = ? AND dead_at IS NULL";
    this.#due = connection.statement(`${select} WHERE ${isFirst} AND ${freeAt} <= ? ORDER BY n LIMIT ?`);
    this.#next = connection.statement(`SELECT min(${freeAt}) AS at FROM outbox WHERE ${isFirst} AND ${freeAt} > ?`);
    this.#page = connection.statement(
      `${select} WHERE n > ? AND (? IS NULL OR outbox.id = ?) AND (? IS NULL OR run_id = ?)
         AND (dead_at IS NOT NULL) IN (SELECT value FROM json_each(?)) ORDER BY n LIMIT ?`,
    );
    this.#claim = connection.statement(
      `UPDATE outbox SET owner = ?, claimed_until = ?, claim = claim + 1, may_be_sent = 1
         WHERE id = ? AND claim = ? AND dead_at IS NULL AND coalesce(claimed_until, 0) <= ? RETURNING claim`,
    );
    this.#postpone = connection.statement(
      `UPDATE outbox SET attempts = ?, next_at = ?, problem = ?, may_be_sent = ?, owner = NULL, claimed_until = NULL
         WHERE ${held}`,
    );
    this.#release = connection.statement("UPDATE outbox SET owner = NULL, claimed_until = NULL WHERE owner = ?");
    this.#sent = connection.statement(`DELETE FROM outbox WHERE ${held}`);
    this.#bury = connection.statement(
      `UPDATE outbox SET dead_at = ?, attempts = ?, problem = ?, may_be_sent = ?, owner = NULL, claimed_until = NULL WHERE ${held}`,
    );
    this.#replay = connection.statement(
      `UPDATE outbox SET n = (SELECT max(n) + 1 FROM outbox), dead_at = NULL, attempts = 0, next_at = ?, created_at = ?
         WHERE id = ? AND dead_at IS NOT NULL`,
    );
    this.#drop = connection.statement("DELETE FROM outbox WHERE id = ? AND dead_at IS NOT NULL");
    this.#sweep = connection.statement(
      "DELETE FROM outbox WHERE n IN (SELECT n FROM outbox WHERE dead_at < ? ORDER BY n LIMIT ?)",
    );
  }

  due(now: number, limit: number): readonly OutboxRow[] {
    return this.#due().all(now, Math.max(0, limit)).map(outboxRow);
  }

  nextAt(now: number): number | undefined {
    return this.#next().get(now)?.at ?? undefined;
  }

  page({ limit, after = 0, isDead, id, runId }: Parameters<Storage["outbox"]>[0]): readonly OutboxRow[] {
    const states = JSON.stringify(isDead === undefined ? [0, 1] : [Number(isDead)]);
    const wanted = [id ?? null, id ?? null, runId ?? null, runId ?? null] as const;
    return this.#page()
      .all(after, ...wanted, states, Math.max(0, limit))
      .map(outboxRow);
  }

  claim(id: string, { owner, claim, now, until }: OutboxClaim): number | undefined {
    return this.#claim().get(owner, until, id, claim, now)?.claim;
  }

  postpone(id: string, next: Parameters<Storage["postponeOutbox"]>[1]): boolean {
    const { claim, attempts, nextAt, problem, mayBeSent } = next;
    return this.#postpone().run(attempts, nextAt, problem, Number(mayBeSent), id, claim).changes > 0;
  }

  release(owner: string): void {
    this.#release().run(owner);
  }

  settle(settlement: Settlement, now: number): void {
    if (this.#settled(settlement, now) > 0) return;
    const { id, as } = settlement;
    throw as === "sent" || as === "dead" ? fault.claimLost({ id }) : fault.deadLetterNotFound({ id });
  }

  sweep(before: number, limit: number): number {
    return this.#sweep().run(before, limit).changes;
  }

  /** How many rows it changed. */
  #settled(settlement: Settlement, now: number): number {
    const { id } = settlement;
    switch (settlement.as) {
      case "sent":
        return this.#sent().run(id, settlement.claim).changes;
      case "dead": {
        const { attempts, problem, mayBeSent, claim } = settlement;
        return this.#bury().run(now, attempts, problem, Number(mayBeSent), id, claim).changes;
      }
      case "replayed":
        return this.#replay().run(now, now, id).changes;
      case "dropped":
        return this.#drop().run(id).changes;
    }
  }
}

function outboxRow({ address, runId, files, problem, claimedUntil, mayBeSent, deadAt, ...row }: Found): OutboxRow {
  const to: unknown = JSON.parse(address);
  if (!Check(Address, to)) throw new TypeError(`the address of outbox row ${row.id} is damaged`);
  return {
    ...row,
    to,
    mayBeSent: mayBeSent === 1,
    ...filesIn(files, row.id),
    ...(runId === null ? {} : { runId }),
    ...(problem === null ? {} : { problem }),
    ...(claimedUntil === null ? {} : { claimedUntil }),
    ...(deadAt === null ? {} : { deadAt }),
  };
}

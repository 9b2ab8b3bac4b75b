import { Address } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import type { OutboxRow } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";

interface Found {
  readonly id: string;
  readonly sessionId: string;
  readonly key: string;
  readonly runId: string | null;
  readonly address: string;
  readonly text: string;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAt: number;
  readonly problem: string | null;
}

/** What goes to one address goes in order, so only its oldest row may go. */
const isFirst = "n IN (SELECT min(n) FROM outbox GROUP BY address)";

export class Outbox {
  readonly #due: Lazy<Found, [number, number]>;
  readonly #next: Lazy<{ readonly at: number | null }, [number]>;
  readonly #postpone: Lazy<unknown, [number, number, string, string]>;

  constructor(connection: Connection) {
    this.#due = connection.statement(
      `SELECT outbox.id, session_id AS sessionId, key, run_id AS runId, address, text, outbox.created_at AS createdAt,
         attempts, next_at AS nextAt, problem FROM outbox JOIN sessions ON sessions.id = session_id
         WHERE ${isFirst} AND next_at <= ? ORDER BY n LIMIT ?`,
    );
    this.#next = connection.statement(`SELECT min(next_at) AS at FROM outbox WHERE ${isFirst} AND next_at > ?`);
    this.#postpone = connection.statement("UPDATE outbox SET attempts = ?, next_at = ?, problem = ? WHERE id = ?");
  }

  due(now: number, limit: number): readonly OutboxRow[] {
    return this.#due().all(now, Math.max(0, limit)).map(outboxRow);
  }

  nextAt(now: number): number | undefined {
    return this.#next().get(now)?.at ?? undefined;
  }

  postpone(id: string, next: { readonly attempts: number; readonly nextAt: number; readonly problem: string }): void {
    this.#postpone().run(next.attempts, next.nextAt, next.problem, id);
  }
}

function outboxRow({ address, runId, problem, ...row }: Found): OutboxRow {
  const to: unknown = JSON.parse(address);
  if (!Check(Address, to)) throw new TypeError(`the address of outbox row ${row.id} is damaged`);
  return { ...row, to, ...(runId === null ? {} : { runId }), ...(problem === null ? {} : { problem }) };
}

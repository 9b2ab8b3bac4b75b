import { type Clock, failPoint } from "#base";
import type { StoredEvent } from "#protocol";
import {
  type AppendPart,
  emptyLog,
  linkEvent,
  type LogHead,
  type PreparedPart,
  prepareParts,
} from "../prepare-append.ts";
import type { Append, Appended } from "../storage.ts";
import type { Connection, Lazy } from "./connection.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";
import type { Runs } from "./runs.ts";

/** Writes appends. Each runs inside a transaction of the caller's. */
export class Appender {
  readonly #clock: Clock;
  readonly #receipts: Receipts;
  readonly #runs: Runs;
  readonly #openSession: Lazy<unknown, [string, string, string, number, number]>;
  readonly #head: Lazy<LogHead, [string]>;
  readonly #insertEvent: Lazy<unknown, [string, number, string, number, string | null, string, string, string]>;
  readonly #moveHead: Lazy<unknown, [number, string, string | null, number | null, string | null, string]>;
  readonly #endSession: Lazy<unknown, [number, string]>;
  readonly #outbox: Outbox;

  constructor(
    connection: Connection,
    parts: { readonly clock: Clock; readonly receipts: Receipts; readonly runs: Runs; readonly outbox: Outbox },
  ) {
    this.#clock = parts.clock;
    this.#receipts = parts.receipts;
    this.#runs = parts.runs;
    this.#openSession = connection.statement(
      "INSERT INTO sessions (id, key, agent_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#head = connection.statement(
      "SELECT head_seq AS seq, head_hash AS hash, head_id AS id FROM sessions WHERE id = ? AND ended_at IS NULL",
    );
    this.#insertEvent = connection.statement(
      "INSERT INTO events (session_id, seq, id, at, parent_id, kind, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    // Whatever names `ended_at` writes every index anew that is for living or for ended sessions only.
    this.#moveHead = connection.statement(
      `UPDATE sessions SET head_seq = ?, head_hash = ?, head_id = ?, updated_at = coalesce(?, updated_at),
         projection = coalesce(?, projection) WHERE id = ?`,
    );
    this.#endSession = connection.statement("UPDATE sessions SET ended_at = ? WHERE id = ?");
    this.#outbox = parts.outbox;
  }

  /** Turns the events into texts now; the function it returns writes them. */
  prepare(append: Append): () => Appended {
    const parts = prepareParts(append);
    return () => {
      const receipt = append.receipt && this.#receipts.find(append.receipt.scope, append.receipt.key);
      if (receipt) return { taken: false, receipt };
      failPoint("storage.append.begin");
      const events = parts.flatMap((part) => this.#write(part));
      failPoint("storage.append.events");
      if (append.receipt) this.#receipts.insert(append.receipt, append.sessionId);
      return { taken: true, events };
    };
  }

  #write({ part, events }: PreparedPart): StoredEvent[] {
    const { sessionId } = part;
    const stored: StoredEvent[] = [];
    let head = this.#openOrFind(part);
    for (const one of events) {
      const next = linkEvent(sessionId, head, one);
      this.#insertEvent().run(sessionId, next.seq, next.id, next.at, head.id, next.event.kind, one.text, next.hash);
      head = next;
      stored.push(next);
      this.#runs.follow(next);
    }
    const last = stored.at(-1);
    this.#moveHead().run(head.seq, head.hash, head.id, last?.at ?? null, part.projection ?? null, sessionId);
    if (last?.event.kind === "SessionEnded") this.#endSession().run(last.at, sessionId);
    for (const row of part.outbox ?? []) this.#outbox.queue(row, sessionId, this.#clock.now());
    for (const settlement of part.settles ?? []) this.#outbox.settle(settlement, this.#clock.now());
    return stored;
  }

  #openOrFind({ sessionId, opens, events }: AppendPart): LogHead {
    if (opens) {
      const at = events[0]?.at ?? this.#clock.now();
      this.#openSession().run(sessionId, opens.key, opens.agentId, at, at);
      return emptyLog;
    }
    const head = this.#head().get(sessionId);
    if (!head) throw new Error(`there is no live session ${sessionId} to append to`);
    return head;
  }
}

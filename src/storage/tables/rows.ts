import { Address } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import type { OutboxRow, RunRow, SessionRow } from "../storage.ts";
import type { OutboxRecord, RunRecord, SessionRecord } from "./tables.ts";

export function sessionOf(row: SessionRecord): SessionRow {
  const { id, key, agent_id: agentId, created_at: createdAt, updated_at: updatedAt, projection, ended_at } = row;
  const head = { headSeq: row.head_seq, headHash: row.head_hash };
  return {
    id,
    key,
    agentId,
    createdAt,
    updatedAt,
    ...head,
    projection,
    ...(ended_at !== null && { endedAt: ended_at }),
  };
}

export function runOf(row: RunRecord, key: string): RunRow {
  const { run_id: runId, session_id: sessionId, seq, started_at: startedAt, resumed, ended_at, stop_reason } = row;
  return {
    runId,
    sessionId,
    key,
    seq,
    startedAt,
    resumed,
    ...(ended_at !== null && { endedAt: ended_at }),
    ...(stop_reason !== null && { stopReason: stop_reason }),
  };
}

export function outboxOf(row: OutboxRecord, key: string): OutboxRow {
  const { id, session_id: sessionId, run_id, text, created_at: createdAt, attempts, next_at: nextAt, problem } = row;
  const to: unknown = JSON.parse(row.address);
  if (!Check(Address, to)) throw new TypeError(`the address of outbox row ${id} is damaged`);
  return {
    id,
    sessionId,
    key,
    to,
    text,
    createdAt,
    attempts,
    nextAt,
    ...(run_id !== null && { runId: run_id }),
    ...(problem !== null && { problem }),
  };
}

import type { RunRow, SessionRow } from "../storage.ts";
import type { RunRecord, SessionRecord } from "./tables.ts";

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
  const { n, run_id: runId, session_id: sessionId, seq, started_at: startedAt, resumed, ended_at, stop_reason } = row;
  return {
    n,
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

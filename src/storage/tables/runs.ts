import type { StoredEvent } from "#protocol";
import { runChangeOf } from "../run-events.ts";
import { pair, type RunRecord, type Tables } from "./tables.ts";

/** Keeps the turns as the event leaves them. */
export function followRuns(tables: Tables, stored: StoredEvent): void {
  const change = runChangeOf(stored);
  if (!change) return;
  const { sessionId, at } = stored;
  switch (change.type) {
    case "begin":
      return begin(tables, stored, change.runId);
    case "resume": {
      const run = openRun(tables, sessionId, change.runId);
      if (run) put(tables, { ...run, resumed: run.resumed + 1 });
      return;
    }
    case "end": {
      const run = openRun(tables, sessionId, change.runId);
      if (run) put(tables, { ...run, ended_at: at, stop_reason: change.stopReason });
      return;
    }
    case "endAll":
      for (const runId of tables.openRuns.get(sessionId) ?? []) {
        const run = openRun(tables, sessionId, runId);
        if (run) put(tables, { ...run, ended_at: at, stop_reason: "aborted" });
      }
  }
}

/** A message that joins a turn which had ended opens it again: it is owed an answer. */
function begin(tables: Tables, { sessionId, seq, at }: StoredEvent, runId: string): void {
  const known = tables.runs.get(pair(runId, sessionId));
  if (known) return put(tables, { ...known, ended_at: null, stop_reason: null });
  tables.lastRun += 1;
  const fresh = { n: tables.lastRun, run_id: runId, session_id: sessionId, seq, started_at: at };
  put(tables, { ...fresh, resumed: 0, ended_at: null, stop_reason: null });
}

function openRun(tables: Tables, sessionId: string, runId: string): RunRecord | undefined {
  const run = tables.runs.get(pair(runId, sessionId));
  return run?.ended_at === null ? run : undefined;
}

function put(tables: Tables, run: RunRecord): void {
  tables.runs.set(pair(run.run_id, run.session_id), run);
  const others = (tables.openRuns.get(run.session_id) ?? []).filter((runId) => runId !== run.run_id);
  tables.openRuns.set(run.session_id, run.ended_at === null ? [...others, run.run_id] : others);
}

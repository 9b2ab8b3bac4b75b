import type { StoredEvent } from "#protocol";
import { runChangeOf } from "../run-events.ts";
import type { ReadOnlyDatabase } from "./read-only.ts";

interface RunRow {
  readonly seq: number;
  readonly startedAt: number;
  readonly resumed: number;
  readonly endedAt: number | null;
  readonly stopReason: string | null;
}

interface Expected {
  readonly seq: number;
  readonly startedAt: number;
  readonly resumed: number;
  readonly endedAt: number | null;
  readonly stopReason: string | null;
}

const mostDoubtful = 10_000;

/**
 * Compares the turns of a session with what its log says of them. The table may be ahead of the reading, so a turn that
 * has ended otherwise than the table says is doubtful until the end of the log; the others are forgotten when they end.
 */
export class RunAudit {
  readonly #db: ReadOnlyDatabase;
  readonly #sessionId: string;
  readonly #expected = new Map<string, Expected>();
  readonly #problems: string[] = [];
  #begun = 0;

  constructor(db: ReadOnlyDatabase, sessionId: string) {
    this.#db = db;
    this.#sessionId = sessionId;
  }

  take(stored: StoredEvent): void {
    const change = runChangeOf(stored);
    if (!change) return;
    switch (change.type) {
      case "begin":
        return this.#begin(change.runId, stored);
      case "resume": {
        const known = this.#expected.get(change.runId);
        if (known?.endedAt === null) this.#expected.set(change.runId, { ...known, resumed: known.resumed + 1 });
        return;
      }
      case "end":
        return this.#end(change.runId, stored.at, change.stopReason);
      case "endAll":
        for (const runId of this.#expected.keys()) this.#end(runId, stored.at, "aborted");
    }
  }

  /** When the whole log was taken, at the moment of its end. */
  end(): readonly string[] {
    for (const [runId, expected] of this.#expected) if (!this.#isAsMeant(runId, expected)) this.#tell(runId);
    const rows = this.#db.one<{ n: number }>("SELECT count(*) AS n FROM runs WHERE session_id = ?", this.#sessionId)?.n;
    if (rows !== this.#begun) this.#problems.push(`it has ${rows ?? 0} turns and its log ${this.#begun}`);
    return this.#problems;
  }

  #begin(runId: string, { seq, at }: StoredEvent): void {
    const known = this.#expected.get(runId) ?? this.#joined(runId, seq);
    if (!known) this.#begun += 1;
    const begun = known ?? { seq, startedAt: at, resumed: 0 };
    this.#expected.set(runId, { ...begun, endedAt: null, stopReason: null });
  }

  /** A message can join a turn that had ended, which then was forgotten here. */
  #joined(runId: string, seq: number): Expected | undefined {
    const row = this.#row(runId);
    return row && row.seq < seq ? row : undefined;
  }

  #end(runId: string, endedAt: number, stopReason: string): void {
    const known = this.#expected.get(runId);
    if (!known || known.endedAt !== null) return;
    const ended = { ...known, endedAt, stopReason };
    if (this.#isAsMeant(runId, ended)) this.#expected.delete(runId);
    else if (this.#expected.size <= mostDoubtful) this.#expected.set(runId, ended);
    else this.#tell(runId);
  }

  #isAsMeant(runId: string, expected: Expected): boolean {
    const row = this.#row(runId);
    return row !== undefined && Bun.deepEquals(row, expected);
  }

  #row(runId: string): RunRow | undefined {
    return this.#db.one<RunRow>(
      `SELECT seq, started_at AS startedAt, resumed, ended_at AS endedAt, stop_reason AS stopReason
         FROM runs WHERE run_id = ? AND session_id = ?`,
      runId,
      this.#sessionId,
    );
  }

  #tell(runId: string): void {
    this.#problems.push(`the turn ${runId} is not as its log has it`);
  }
}

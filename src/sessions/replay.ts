import type { SessionRow, Storage } from "#storage";
import { summarise } from "./fold.ts";
import { readEvents } from "./history.ts";
import { type Difference, differencesOf } from "./summary-difference.ts";
import { emptySummary, readProjection, type SessionSummary } from "./summary.ts";

/** What a session's log comes to, beside what was remembered of it. */
export interface Replay {
  readonly sessionId: string;
  readonly headSeq: number;
  readonly headHash: string;
  /** `absent`: none was stored, or one of another version; it is told anew from the log when it is needed. */
  readonly stored: "equal" | "differs" | "absent";
  readonly differences: readonly Difference[];
  readonly summary: SessionSummary;
}

/** `remembered` is what is in memory of the whole log, when there is something. */
export async function replaySession(
  storage: Storage,
  row: SessionRow,
  remembered: SessionSummary | undefined,
): Promise<Replay> {
  const projection = readProjection(row.projection);
  let summary = emptySummary;
  let atProjection = projection?.seq === 0 ? emptySummary : undefined;
  for await (const { seq, event } of readEvents(storage, row.id, row.headSeq)) {
    summary = summarise(summary, event);
    if (seq === projection?.seq) atProjection = summary;
  }
  const differences = projection ? storedDifferences(projection, atProjection) : [];
  const stored = projection ? (differences.length === 0 ? "equal" : "differs") : "absent";
  const inMemory = remembered ? differencesOf(remembered, summary) : [];
  return {
    sessionId: row.id,
    headSeq: row.headSeq,
    headHash: row.headHash,
    stored,
    differences: [...differences, ...inMemory.map((one) => ({ ...one, part: `memory.${one.part}` }))],
    summary,
  };
}

function storedDifferences(
  projection: { readonly seq: number; readonly summary: SessionSummary },
  replayed: SessionSummary | undefined,
): readonly Difference[] {
  if (replayed) return differencesOf(projection.summary, replayed);
  return [{ part: "seq", stored: projection.seq, replayed: undefined }];
}

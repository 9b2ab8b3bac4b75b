import type { ProjectionCheck } from "#storage";
import { summarise } from "./fold.ts";
import { differencesOf } from "./summary-difference.ts";
import { emptySummary, readProjection, type SessionSummary } from "./summary.ts";

/**
 * Compares a summary as it is stored with the log that passes by. One of another version, or none, is told anew from the
 * log when it is needed, so it is no mistake.
 */
export function checkProjection(projection: string): ProjectionCheck {
  const stored = readProjection(projection);
  const seen = { seq: 0, summary: emptySummary, found: stored?.seq === 0 ? emptySummary : undefined };
  return {
    take({ seq, event }) {
      seen.seq = seq;
      seen.summary = summarise(seen.summary, event);
      if (stored?.seq === seq) seen.found = seen.summary;
    },
    end: () => stored && problemOf(stored, seen.found),
  };
}

function problemOf(
  stored: { readonly seq: number; readonly summary: SessionSummary },
  replayed: SessionSummary | undefined,
): string | undefined {
  if (!replayed) return `its summary is of seq ${stored.seq}, which its log does not reach`;
  const parts = differencesOf(stored.summary, replayed).map(({ part }) => part);
  return parts.length === 0 ? undefined : `its summary is not what its log comes to: ${parts.join(", ")}`;
}

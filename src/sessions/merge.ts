import type { StoredEvent } from "#protocol";
import { summarise } from "./fold.ts";
import { emptySummary, type SessionSummary } from "./summary.ts";

interface Placed {
  readonly stored: StoredEvent;
  /** Its time, or that of a later-dated event before it in its log: clocks go back, logs do not. */
  readonly at: number;
}

/**
 * The events of several logs as one, each event once: by time, then by seq, then by id. The order of every log is kept, and
 * no other order of merging gives another result, so whoever has the same events comes to the same state, in which the
 * last writer wins. Logs that share events must share what came before them too, as copies of one session do.
 */
export function mergeLogs(...logs: readonly (readonly StoredEvent[])[]): readonly StoredEvent[] {
  const placed = new Map<string, Placed>();
  for (const log of logs) {
    let at = -Infinity;
    for (const stored of log) {
      at = Math.max(at, stored.at);
      const known = placed.get(stored.id);
      if (!known || known.at < at) placed.set(stored.id, { stored, at });
    }
  }
  return [...placed.values()].toSorted(compare).map(({ stored }) => stored);
}

/** What the merged logs come to. */
export function mergedSummary(...logs: readonly (readonly StoredEvent[])[]): SessionSummary {
  return mergeLogs(...logs).reduce((summary, { event }) => summarise(summary, event), emptySummary);
}

function compare(a: Placed, b: Placed): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.stored.seq !== b.stored.seq) return a.stored.seq - b.stored.seq;
  return a.stored.id < b.stored.id ? -1 : 1;
}

import { nextTurn } from "#base";
import type { StoredEvent, TranscriptRow } from "#protocol";
import type { Storage } from "#storage";
import { transcriptRow } from "./transcript.ts";

const mostRows = 1_000;
const pageEvents = 500;

export interface HistoryPage {
  readonly rows: readonly TranscriptRow[];
  readonly hasMore: boolean;
}

/** The newest rows before `before`, oldest first. Reads on until there is one row more than asked for, or no event left. */
export async function readHistory(
  storage: Storage,
  sessionId: string,
  page: { readonly limit: number; readonly before?: number },
): Promise<HistoryPage> {
  const limit = Math.min(mostRows, Math.max(1, page.limit));
  const pages: (readonly TranscriptRow[])[] = [];
  let found = 0;
  let before = page.before ?? Number.MAX_SAFE_INTEGER;
  while (found <= limit && before > 1) {
    if (pages.length > 0) await nextTurn();
    const count = Math.min(pageEvents, Math.max(50, limit - found + 1));
    const events = await storage.events(sessionId, { before, limit: count, take: "last" });
    if (events.length === 0) break;
    const rows = events.flatMap((event) => transcriptRow(event) ?? []);
    pages.unshift(rows);
    found += rows.length;
    before = events[0]?.seq ?? 1;
  }
  return { rows: pages.flat().slice(-limit), hasMore: found > limit };
}

/** Every event of a session up to that seq, oldest first; others are served between two pages of it. */
export async function* readEvents(storage: Storage, sessionId: string, headSeq: number): AsyncIterable<StoredEvent> {
  for (let after = 0; after < headSeq;) {
    if (after > 0) await nextTurn();
    const events = await storage.events(sessionId, { after, before: headSeq + 1, limit: pageEvents, take: "first" });
    const last = events.at(-1);
    if (!last) return;
    yield* events;
    after = last.seq;
  }
}

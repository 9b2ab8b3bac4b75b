import { fault } from "#protocol";
import type { Storage } from "#storage";
import type { TranscriptPage, TranscriptRange } from "../sessions.ts";
import { writeEntry, writeHeader } from "./write-entry.ts";

/** Rejects with `sessionNotFound` when the key has, and had, no such session. */
export async function readTranscript(
  storage: Storage,
  key: string,
  { after, limit, sessionId }: TranscriptRange,
): Promise<TranscriptPage> {
  const live = await storage.sessionByKey(key);
  const all = [...(live ? [live] : []), ...(sessionId === undefined ? [] : await storage.endedSessions(key))];
  const session = all.find(({ id }) => sessionId === undefined || id === sessionId);
  if (!session) throw fault.sessionNotFound({ key });
  const events = await storage.events(session.id, { after, limit, take: "first" });
  const [first] = events;
  const header = after === 0 && first ? [writeHeader(first)] : [];
  const last = events.at(-1)?.seq ?? after;
  return { lines: [...header, ...events.map(writeEntry)], last, hasMore: last < session.headSeq };
}

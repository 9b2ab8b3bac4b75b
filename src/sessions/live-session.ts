import { type Log, nextTurn } from "#base";
import type { ConversationMessage, StoredEvent } from "#protocol";
import type { SessionRow, Storage } from "#storage";
import { conversationOf, conversationUpTo } from "./conversation.ts";
import { applyEvent, emptyFold, type Fold, summarise } from "./fold.ts";
import type { SessionState } from "./sessions.ts";
import { readProjection, type SessionSummary } from "./summary.ts";
import { addToWindow, emptyWindow, fillsWindow, type Window, windowBounds } from "./window.ts";

/** A session as it is on disk, folded. */
export interface LiveSession {
  readonly id: string;
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly fold: Fold;
}

/** So many that two pages hold a little more than a window of messages alone. */
const pageEvents = 210;

/**
 * Reads the session of a key: its row, the events newer than its stored summary (none, as a rule), and as much of the end
 * of its log as the window holds. A summary that this version cannot read is told anew from the whole log. Others are served
 * between two pages.
 */
export async function loadSession(storage: Storage, log: Log, key: string): Promise<LiveSession | undefined> {
  const row = await storage.sessionByKey(key);
  if (!row) return undefined;
  const { id, agentId, createdAt, updatedAt, headSeq } = row;
  const fold = { seq: headSeq, summary: await loadSummary(storage, log, row), window: await loadWindow(storage, row) };
  return { id, key, agentId, createdAt, updatedAt, fold };
}

/** The session after these events, which are the next ones of its log. */
export function extended(session: LiveSession, events: readonly StoredEvent[]): LiveSession {
  const fold = events.reduce(applyEvent, session.fold);
  return { ...session, updatedAt: events.at(-1)?.at ?? session.updatedAt, fold };
}

/** The session that these events open. */
export function openedBy(
  opens: { readonly id: string; readonly key: string; readonly agentId: string },
  events: readonly StoredEvent[],
): LiveSession {
  const at = events[0]?.at ?? 0;
  return extended({ ...opens, createdAt: at, updatedAt: at, fold: emptyFold }, events);
}

/** Makes the conversation when it is first looked at. */
export function stateOf({ fold, ...session }: LiveSession): SessionState {
  const said = fold.window.entries.map((entry) => entry.event);
  let conversation: readonly ConversationMessage[] | undefined;
  return {
    ...session,
    headSeq: fold.seq,
    summary: fold.summary,
    get conversation() {
      return (conversation ??= conversationOf(said));
    },
    conversationUpTo: (runId) => conversationUpTo(said, runId),
  };
}

async function loadSummary(storage: Storage, log: Log, row: SessionRow): Promise<SessionSummary> {
  const projection = readProjection(row.projection);
  if (!projection && row.projection !== "") log.warn("a session's summary is told anew from its log", { key: row.key });
  let { seq, summary } = projection && projection.seq <= row.headSeq ? projection : emptyFold;
  while (seq < row.headSeq) {
    const events = await storage.events(row.id, {
      after: seq,
      before: row.headSeq + 1,
      limit: pageEvents,
      take: "first",
    });
    if (events.length === 0) break;
    summary = events.reduce((before, { event }) => summarise(before, event), summary);
    seq = events.at(-1)?.seq ?? row.headSeq;
    if (seq < row.headSeq) await nextTurn();
  }
  return summary;
}

/** The window that a log had when that seq was its last. */
export async function loadWindow(
  storage: Storage,
  { id, headSeq }: Pick<SessionRow, "id" | "headSeq">,
): Promise<Window> {
  const oldest = Math.max(1, headSeq - windowBounds.depth + 1);
  let newest: readonly StoredEvent[] = [];
  for (let before = headSeq + 1; before > oldest && !fillsWindow(newest); before = newest[0]?.seq ?? oldest) {
    if (newest.length > 0) await nextTurn();
    const page = await storage.events(id, { after: oldest - 1, before, limit: pageEvents, take: "last" });
    if (page.length === 0) break;
    newest = [...page, ...newest];
  }
  return newest.reduce(addToWindow, emptyWindow);
}

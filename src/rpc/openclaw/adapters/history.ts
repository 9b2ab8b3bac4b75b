import { type Static, Type } from "@sinclair/typebox";
import type { TranscriptRow } from "#protocol";
import type { SessionState } from "#sessions";
import type { MethodContext } from "../../method.ts";
import { chatHistory } from "../../methods/chat.history.ts";
import { AgentId, agentOf, readSessionKey, SessionKey } from "../../session-key.ts";
import type { Services } from "../../services.ts";
import { activeKeys, sessionRow } from "../../session-row.ts";
import { rowOf, sessionDefaults, sessionRowOf } from "../rows.ts";
import { open } from "./adapter.ts";

const mostRows = 1_000;
const usualRows = 200;
/** So far back a client may leaf: every page is read from the newest row on. */
const deepestOffset = 20_000;
const mostRunIds = 50;

export const HistoryParams = Type.Object(
  {
    sessionKey: SessionKey,
    agentId: Type.Optional(AgentId),
    cursor: Type.Optional(Type.String({ maxLength: 256 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostRows })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: deepestOffset })),
    maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    inputRunIds: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: mostRunIds, uniqueItems: true }),
    ),
  },
  open,
);
export type HistoryParams = Static<typeof HistoryParams>;

/** A client that reads one session. */
interface Reader {
  readonly sessionKey: string;
  /** The session as it was when the answer was begun. */
  readonly state: SessionState | undefined;
  readonly params: HistoryParams;
  readonly context: MethodContext;
}

/** The newest rows; or, to who brings the cursor of what it has, those that came since, or that it must read anew. */
export async function historyOf(params: HistoryParams, context: MethodContext) {
  const { services } = context;
  const sessionKey = readSessionKey(params.sessionKey, services, params.agentId);
  const state = await services.sessions.state(sessionKey);
  const reader: Reader = { sessionKey, state, params, context };
  return params.cursor === undefined ? wholeFor(reader) : newsFor(reader, params.cursor);
}

async function wholeFor(reader: Reader) {
  const { sessionKey, state, params, context } = reader;
  const { offset = 0, maxBytes } = params;
  const page = await pageBehind(offset, reader);
  const rows = page.messages.map(rowOf);
  const messages = newestWithin(rows, maxBytes);
  const hasMore = page.hasMore || messages.length < rows.length;
  const next = offset + messages.length;
  return {
    sessionKey,
    ...(state && { sessionId: state.id, totalMessages: state.summary.messageCount }),
    messages,
    hasMore,
    ...(hasMore && next <= deepestOffset && messages.length > 0 && { nextOffset: next }),
    defaults: sessionDefaults(context.services, sessionKey),
    ...(await aboutSession(reader)),
  };
}

async function newsFor(reader: Reader, cursor: string) {
  const { sessionKey, state } = reader;
  const news = state && (await newsSince(cursor, state, reader));
  if (!news) return { kind: "reset" };
  const agentId = agentOf(sessionKey);
  const messages = news.map((row) => {
    return { sessionKey, agentId, messageId: row.id, messageSeq: row.seq, message: rowOf(row) };
  });
  return { kind: "delta", messages, ...(await aboutSession(reader)) };
}

async function aboutSession({ sessionKey, state, params: { inputRunIds }, context: { services } }: Reader) {
  const run = services.gateway.activeRuns().find((one) => one.sessionKey === sessionKey && one.status === "running");
  const sessionInfo = state && sessionRowOf(sessionRow(state, activeKeys(services)), services);
  return {
    pendingInputs: { items: [], total: 0 },
    ...(state && { deltaCursor: cursorOf(state) }),
    ...(sessionInfo && { sessionInfo }),
    ...(run && { inFlightRun: { runId: run.runId, text: run.text, startedAt: run.startedAt } }),
    ...(inputRunIds && { inputReceipts: await receiptsOf(inputRunIds, sessionKey, services) }),
  };
}

/** The rows before the newest `offset`, read in windows. */
async function pageBehind(offset: number, { sessionKey, params, context }: Reader) {
  let before: number | undefined;
  for (let left = offset; left > 0;) {
    const skipped = await chatHistory.handle(
      { sessionKey, limit: Math.min(mostRows, left), ...(before !== undefined && { before }) },
      context,
    );
    const [oldest] = skipped.messages;
    if (!oldest || !skipped.hasMore) return { messages: [], hasMore: false };
    before = oldest.seq;
    left -= skipped.messages.length;
  }
  const { limit = usualRows } = params;
  return chatHistory.handle({ sessionKey, limit, ...(before !== undefined && { before }) }, context);
}

/** Where a reader is: in which session, behind which event of its log. */
function cursorOf({ id, headSeq }: SessionState): string {
  return `${id}.${headSeq}`;
}

/** Undefined when they cannot be told: another session, or more than go into one answer. */
async function newsSince(
  cursor: string,
  { id, headSeq }: SessionState,
  { sessionKey, params: { limit = usualRows }, context }: Reader,
): Promise<readonly TranscriptRow[] | undefined> {
  const dot = cursor.lastIndexOf(".");
  const seen = Number(cursor.slice(dot + 1));
  if (cursor.slice(0, dot) !== id || !Number.isSafeInteger(seen) || seen > headSeq) return undefined;
  if (seen === headSeq) return [];
  const { messages, hasMore } = await chatHistory.handle({ sessionKey, limit }, context);
  const news = messages.filter((row) => row.seq > seen && row.seq <= headSeq);
  return hasMore && news.length === messages.length ? undefined : news;
}

/** What became of the messages that these runs answer: each is in the log from the moment it was taken. */
async function receiptsOf(runIds: readonly string[], sessionKey: string, { sessions }: Services) {
  const receipts: object[] = [];
  for (const runId of runIds) {
    const run = await sessions.run(runId);
    if (run?.key !== sessionKey) continue;
    const { rows } = await sessions.history(sessionKey, { limit: 1, before: run.seq + 1 });
    const [row] = rows;
    if (row?.runId === runId) receipts.push({ runId, state: "consumed", consumedByEventId: row.id });
  }
  return receipts;
}

/** As many of the newest as fit, one at least. */
function newestWithin<Row>(rows: readonly Row[], maxBytes = Number.POSITIVE_INFINITY): readonly Row[] {
  let bytes = 0;
  for (const [back, row] of rows.toReversed().entries()) {
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (bytes > maxBytes && back > 0) return rows.slice(-back);
  }
  return rows;
}

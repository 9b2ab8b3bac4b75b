import { type Static, Type } from "@sinclair/typebox";
import { MessageText } from "../../message-text.ts";
import type { MethodContext, AnyMethod } from "../../method.ts";
import { chatAbort } from "../../methods/chat.abort.ts";
import { chatHistory } from "../../methods/chat.history.ts";
import { chatSend, IdempotencyKey } from "../../methods/chat.send.ts";
import { chatStartup } from "../../methods/chat.startup.ts";
import { SessionKey } from "../../session-key.ts";
import { activeKeys, sessionRow } from "../../session-row.ts";
import { rowOf, sessionDefaults, sessionRowOf } from "../rows.ts";
import { adapt, open } from "./adapter.ts";
import { modelChoice } from "./models.ts";

/** Files cannot be given to the model yet: whoever sends some is told, so that none is lost in silence. */
export const noAttachments = Type.Optional(Type.Array(Type.Unknown(), { maxItems: 0 }));

const HistoryParams = Type.Object(
  {
    sessionKey: SessionKey,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  open,
);
type HistoryParams = Static<typeof HistoryParams>;

const mostRows = 1_000;
const usualRows = 200;

export const chat: readonly AnyMethod[] = [
  adapt(chatSend, {
    params: Type.Object(
      { sessionKey: SessionKey, message: MessageText, idempotencyKey: IdempotencyKey, attachments: noAttachments },
      open,
    ),
    ask: ({ sessionKey, message, idempotencyKey }) => ({ sessionKey, message, idempotencyKey }),
    answer: ({ runId, status }, { context }) => {
      context.interests().started(runId);
      if (status === "aborted") return { runId, status: "timeout", summary: "aborted", stopReason: "rpc" };
      return { runId, status, ...(status === "error" && { summary: "failed" }) };
    },
  }),
  adapt(chatAbort, {
    params: Type.Object({ sessionKey: SessionKey, runId: chatAbort.params.properties.runId }, open),
    ask: ({ sessionKey, runId }) => ({ sessionKey, ...(runId !== undefined && { runId }) }),
    answer: (result) => result,
  }),
  adapt(chatHistory, {
    params: HistoryParams,
    ask: askHistory,
    answer: (page, { theirs, context }) => historyOf(page, theirs, context),
  }),
  adapt(chatStartup, {
    params: HistoryParams,
    ask: askHistory,
    answer: async ({ models, ...page }, { theirs, context }) => ({
      ...(await historyOf(page, theirs, context)),
      metadata: { models: models.map(modelChoice), commands: [], swarmEnabled: false },
    }),
  }),
];

function askHistory({ sessionKey, limit = usualRows, offset = 0 }: HistoryParams) {
  return { sessionKey, limit: Math.min(mostRows, limit + offset) };
}

async function historyOf(
  page: Static<typeof chatHistory.result>,
  { offset = 0, maxBytes }: HistoryParams,
  { services }: MethodContext,
) {
  const { sessionKey } = page;
  const state = await services.sessions.state(sessionKey);
  const wanted = page.messages.slice(0, Math.max(0, page.messages.length - offset)).map(rowOf);
  const messages = newestWithin(wanted, maxBytes);
  const hasMore = page.hasMore || messages.length < wanted.length;
  const next = offset + messages.length;
  const run = services.gateway.activeRuns().find((one) => one.sessionKey === sessionKey && one.status === "running");
  return {
    sessionKey,
    ...(state && { sessionId: state.id }),
    messages,
    pendingInputs: { items: [], total: 0 },
    hasMore,
    ...(hasMore && next < mostRows && messages.length > 0 && { nextOffset: next }),
    ...(state && { totalMessages: state.summary.messageCount }),
    defaults: sessionDefaults(services),
    ...(state && { sessionInfo: sessionRowOf(sessionRow(state, activeKeys(services)), services) }),
    ...(run && { inFlightRun: { runId: run.runId, text: run.text, startedAt: run.startedAt } }),
  };
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

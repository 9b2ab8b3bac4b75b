import { Type } from "@sinclair/typebox";
import { TranscriptRow } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import { fitPage } from "../page.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const chatHistory = defineMethod({
  name: "chat.history",
  summary: "The newest messages of a session, oldest first; none when there is no such session.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions/{sessionKey}/history" },
  params: Type.Object(
    {
      sessionKey: SessionKey,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 200 })),
      before: Type.Optional(Type.Integer({ minimum: 1, description: "Only messages whose seq is smaller." })),
    },
    closed,
  ),
  result: Type.Object({
    sessionKey: Type.String(),
    messages: Type.Array(TranscriptRow),
    hasMore: Type.Boolean({ description: "There are older ones." }),
  }),
  handle: async ({ sessionKey, limit = 200, before }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const page = await services.sessions.history(key, { limit, ...(before !== undefined && { before }) });
    const newestFirst = fitPage(page.rows.toReversed());
    return { sessionKey: key, messages: newestFirst.rows.toReversed(), hasMore: page.hasMore || newestFirst.isCut };
  },
});

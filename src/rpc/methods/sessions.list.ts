import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { AgentId } from "../session-key.ts";
import { findSessions } from "../session-pages.ts";
import { SessionRow } from "../session-row.ts";

export const sessionsList = defineMethod({
  name: "sessions.list",
  summary: "The sessions, the one used last first.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions" },
  params: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
      agentId: Type.Optional(AgentId),
      before: Type.Optional(Type.Integer({ minimum: 1, description: "Only sessions last used before this time." })),
    },
    closed,
  ),
  result: Type.Object({ sessions: Type.Array(SessionRow) }),
  handle: async ({ limit = 100, agentId, before }, context) => ({
    sessions: [
      ...(await findSessions(context, {
        most: limit,
        isWanted: (row) => agentId === undefined || row.agentId === agentId,
        ...(before !== undefined && { before }),
      })),
    ],
  }),
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { activeKeys, SessionRow, sessionRow } from "../session-row.ts";

export const sessionsList = defineMethod({
  name: "sessions.list",
  summary: "The sessions, the one used last first.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions" },
  params: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
      before: Type.Optional(Type.Integer({ minimum: 1, description: "Only sessions last used before this time." })),
    },
    closed,
  ),
  result: Type.Object({ sessions: Type.Array(SessionRow) }),
  handle: async ({ limit = 100, before }, { services }) => {
    const listed = await services.sessions.list({ limit, ...(before !== undefined && { before }) });
    const active = activeKeys(services);
    return { sessions: listed.map((session) => sessionRow(session, active)) };
  },
});

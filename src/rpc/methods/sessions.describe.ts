import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";
import { activeKeys, SessionRow, sessionRow } from "../session-row.ts";

export const sessionsDescribe = defineMethod({
  name: "sessions.describe",
  summary: "One session, or null when there is none under this key yet.",
  scope: "operator.read",
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ session: Type.Union([SessionRow, Type.Null()]) }),
  handle: async ({ sessionKey }, { services }) => {
    const state = await services.sessions.state(readSessionKey(sessionKey, services));
    return { session: state ? sessionRow(state, activeKeys(services)) : null };
  },
});

import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";
import { activeKeys, SessionRow, sessionRow } from "../session-row.ts";

export const sessionsGet = defineMethod({
  name: "sessions.get",
  summary: "One session.",
  scope: "operator.read",
  route: { verb: "GET", path: "/sessions/{sessionKey}" },
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ session: SessionRow }),
  handle: async ({ sessionKey }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const state = await services.sessions.state(key);
    if (!state) throw fault.sessionNotFound({ key });
    return { session: sessionRow(state, activeKeys(services)) };
  },
});

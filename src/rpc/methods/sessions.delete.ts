import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsDelete = defineMethod({
  name: "sessions.delete",
  summary: "Stops what a session is doing and takes it off the disk.",
  scope: "operator.admin",
  effect: "once",
  route: { verb: "DELETE", path: "/sessions/{sessionKey}" },
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ ok: Type.Literal(true), deleted: Type.Boolean({ description: "There was one." }) }),
  handle: async ({ sessionKey }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    return { ok: true as const, deleted: await services.gateway.deleteSession(key) };
  },
});

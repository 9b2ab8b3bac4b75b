import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsReset = defineMethod({
  name: "sessions.reset",
  summary: "Stops what a session is doing and begins it anew, empty, with the same settings.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/sessions/{sessionKey}/reset" },
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ ok: Type.Literal(true), reset: Type.Boolean({ description: "There was one." }) }),
  handle: async ({ sessionKey }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    return { ok: true as const, reset: await services.gateway.resetSession(key) };
  },
});

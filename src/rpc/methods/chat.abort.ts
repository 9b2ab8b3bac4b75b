import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const chatAbort = defineMethod({
  name: "chat.abort",
  summary: "Stops what a session is doing and what it was going to do, or one run of it.",
  scope: "operator.write",
  effect: "idempotent", // what is stopped stays stopped
  route: { verb: "POST", path: "/chat/abort" },
  params: Type.Object(
    { sessionKey: SessionKey, runId: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })) },
    closed,
  ),
  result: Type.Object({ ok: Type.Literal(true), aborted: Type.Boolean(), runIds: Type.Array(Type.String()) }),
  handle: async ({ sessionKey, runId }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const runIds = await services.gateway.abort({ sessionKey: key, ...(runId !== undefined && { runId }) });
    return { ok: true as const, aborted: runIds.length > 0, runIds: [...runIds] };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsMessagesSubscribe = defineMethod({
  name: "sessions.messages.subscribe",
  summary: "Follows one session. Clients of JSON-RPC are told of its messages without it.",
  scope: "operator.read",
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ subscribed: Type.Boolean(), sessionKey: Type.String() }),
  handle: async ({ sessionKey }, context) => {
    const key = readSessionKey(sessionKey, context.services);
    context.interests().follow(key);
    return { subscribed: true, sessionKey: key };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";

export const sessionsMessagesUnsubscribe = defineMethod({
  name: "sessions.messages.unsubscribe",
  summary: "Ends what `sessions.messages.subscribe` began.",
  scope: "operator.read",
  params: Type.Object({ sessionKey: SessionKey }, closed),
  result: Type.Object({ subscribed: Type.Boolean(), sessionKey: Type.String() }),
  handle: async ({ sessionKey }, context) => {
    const key = readSessionKey(sessionKey, context.services);
    context.interests().leave(key);
    return { subscribed: false, sessionKey: key };
  },
});

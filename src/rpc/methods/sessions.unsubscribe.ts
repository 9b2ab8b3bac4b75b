import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const sessionsUnsubscribe = defineMethod({
  name: "sessions.unsubscribe",
  summary: "Ends what `sessions.subscribe` began.",
  scope: "operator.read",
  params: Type.Object({}, closed),
  result: Type.Object({ subscribed: Type.Boolean() }),
  handle: async (_params, context) => {
    context.interests().followsSessions = false;
    return { subscribed: false };
  },
});

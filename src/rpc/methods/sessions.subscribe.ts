import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const sessionsSubscribe = defineMethod({
  name: "sessions.subscribe",
  summary: "Tells this connection of every change of every session, as `sessions.changed`.",
  scope: "operator.read",
  params: Type.Object({}, closed),
  result: Type.Object({ subscribed: Type.Boolean() }),
  handle: async (_params, context) => {
    context.interests().followsSessions = true;
    return { subscribed: true };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { PresenceEntry, presenceOf } from "../presence.ts";

export const systemPresence = defineMethod({
  name: "system-presence",
  summary: "Who is connected.",
  scope: "operator.read",
  params: Type.Object({}, closed),
  result: Type.Array(PresenceEntry),
  handle: async (_params, context) => presenceOf((newest) => context.connections(newest)),
});

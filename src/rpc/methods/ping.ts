import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const ping = defineMethod({
  name: "ping",
  summary: "Answers, and tells the gateway's time.",
  scope: "public",
  params: Type.Object({}, closed),
  result: Type.Object({ pong: Type.Literal(true), time: Type.Integer({ description: "Milliseconds since 1970." }) }),
  handle: async () => ({ pong: true as const, time: Date.now() }),
});

import { Type } from "@sinclair/typebox";
import { Address } from "#protocol";
import { closed, defineMethod } from "../method.ts";

export const inboundList = defineMethod({
  name: "inbound.list",
  summary: "What came from channels, broke five times, and was put aside.",
  scope: "operator.read",
  route: { verb: "GET", path: "/inbound" },
  params: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
      after: Type.Optional(
        Type.String({ minLength: 1, maxLength: 512, description: "The `id` of the last one seen." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    updates: Type.Array(
      Type.Object({
        id: Type.String(),
        at: Type.Integer({ description: "When it was put aside." }),
        problem: Type.String(),
        isWhole: Type.Boolean({ description: "It was kept whole, so it can be taken again." }),
        from: Type.Optional(Address),
        senderId: Type.Optional(Type.String()),
        text: Type.Optional(Type.String()),
      }),
    ),
  }),
  handle: async ({ limit = 100, after }, { services: { inbound } }) => ({
    updates: [...(await inbound.asides.list({ limit, ...(after !== undefined && { after }) }))],
  }),
});

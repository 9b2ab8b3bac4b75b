import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const inboundDrop = defineMethod({
  name: "inbound.drop",
  summary: "Takes what was put aside away, for good.",
  scope: "operator.admin",
  effect: "once",
  route: { verb: "DELETE", path: "/inbound/{id}" },
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 512 }) }, closed),
  result: Type.Object({ id: Type.String(), dropped: Type.Literal(true) }),
  handle: async ({ id }, { services: { inbound } }) => {
    await inbound.asides.drop(id);
    return { id, dropped: true as const };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const inboundReplay = defineMethod({
  name: "inbound.replay",
  summary: "Takes what was put aside again, as if the platform had brought it now; who may not write is still refused.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/inbound/{id}/replay" },
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 512 }) }, closed),
  result: Type.Object({ id: Type.String(), replayed: Type.Literal(true) }),
  handle: async ({ id }, { services: { inbound } }) => {
    await inbound.asides.replay(id);
    return { id, replayed: true as const };
  },
});

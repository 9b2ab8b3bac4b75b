import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const outboxReplay = defineMethod({
  name: "outbox.replay",
  summary: "Puts a message that was given up at the end of its chat's queue, to be tried anew.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/outbox/{id}/replay" },
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  result: Type.Object({ id: Type.String(), replayed: Type.Literal(true) }),
  handle: async ({ id }, { services }) => {
    await services.gateway.settleDeadLetter(id, "replayed");
    return { id, replayed: true as const };
  },
});

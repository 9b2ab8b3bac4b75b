import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const outboxDrop = defineMethod({
  name: "outbox.drop",
  summary: "Takes a message that was given up out of the outbox; its text stays in the session's log.",
  scope: "operator.admin",
  effect: "once",
  route: { verb: "DELETE", path: "/outbox/{id}" },
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  result: Type.Object({ id: Type.String(), dropped: Type.Literal(true) }),
  handle: async ({ id }, { services }) => {
    await services.gateway.settleDeadLetter(id, "dropped");
    return { id, dropped: true as const };
  },
});

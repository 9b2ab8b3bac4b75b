import { Type } from "@sinclair/typebox";
import { fault, MessageTrace } from "#protocol";
import { closed, defineMethod } from "../method.ts";

export const messagesTrace = defineMethod({
  name: "messages.trace",
  summary: "What became of a message: each step with its time, what it cost, and what is still owed.",
  scope: "operator.read",
  route: { verb: "GET", path: "/messages/{id}/trace" },
  params: Type.Object(
    {
      id: Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Of a run, of a message (its idempotency key), or the platform's of one received or sent.",
      }),
    },
    closed,
  ),
  result: Type.Object({ traces: Type.Array(MessageTrace) }),
  handle: async ({ id }, { services }) => {
    const traces = await services.gateway.trace(id);
    if (traces.length === 0) throw fault.messageNotFound({ id });
    return { traces: [...traces] };
  },
});

import { Type } from "@sinclair/typebox";
import { Attachments } from "../attachments.ts";
import { MessageText } from "../message-text.ts";
import { closed, defineMethod } from "../method.ts";
import { AgentId, readSessionKey, SessionKey } from "../session-key.ts";
import { chatSend, IdempotencyKey } from "./chat.send.ts";

/** What `chat.send` calls a message that it took, and took before. */
const standing = {
  started: "accepted",
  in_flight: "in_flight",
  ok: "ended",
  aborted: "ended",
  error: "ended",
} as const;

export const agent = defineMethod({
  name: "agent",
  summary: "Gives the agent something to do; answers as soon as it is on disk. `agent.wait` tells what became of it.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/agent" },
  params: Type.Object(
    {
      message: MessageText,
      sessionKey: Type.Optional(SessionKey),
      agentId: Type.Optional(AgentId),
      attachments: Type.Optional(Attachments),
      idempotencyKey: Type.Optional(IdempotencyKey),
    },
    closed,
  ),
  result: Type.Object({
    runId: Type.String(),
    sessionKey: Type.String(),
    status: Type.Union([Type.Literal("accepted"), Type.Literal("in_flight"), Type.Literal("ended")], {
      description: "`accepted`, or how the run stands when the same had been asked for before.",
    }),
    acceptedAt: Type.Integer({ description: "Milliseconds since 1970." }),
  }),
  handle: async ({ sessionKey = "main", ...message }, context) => {
    const sent = await chatSend.handle({ sessionKey, ...message }, context);
    return {
      runId: sent.runId,
      sessionKey: readSessionKey(sessionKey, context.services, message.agentId),
      status: standing[sent.status],
      acceptedAt: Date.now(),
    };
  },
});

import { Type } from "@sinclair/typebox";
import { MessageText, readMessageText } from "../message-text.ts";
import { closed, defineMethod } from "../method.ts";

export const messageSend = defineMethod({
  name: "message.send",
  summary: "Sends a text to a chat of a channel; answers once the platform has taken it.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/messages" },
  params: Type.Object(
    {
      channel_id: Type.String({ minLength: 1, maxLength: 64 }),
      account: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, description: "The one named `default` when left out." }),
      ),
      chat_id: Type.String({ minLength: 1, maxLength: 256 }),
      text: MessageText,
    },
    closed,
  ),
  result: Type.Object({ message_id: Type.String({ description: "The platform's." }), sent: Type.Literal(true) }),
  handle: async ({ channel_id, account, chat_id, text }, { services }) => {
    const to = { channel: channel_id, ...(account !== undefined && { account }), chat: chat_id };
    const { messageId } = await services.gateway.send(to, readMessageText(text, "text"));
    return { message_id: messageId, sent: true as const };
  },
});

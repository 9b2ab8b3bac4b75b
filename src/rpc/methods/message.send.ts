import { fault } from "#protocol";
import { type Static, Type } from "@sinclair/typebox";
import { MessageText, readMessageText } from "../message-text.ts";
import { closed, defineMethod } from "../method.ts";

const SentFile = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120 }),
    mimeType: Type.Optional(Type.String({ pattern: "^[a-z]+/[a-zA-Z0-9.+-]{1,100}$" })),
    base64: Type.String({ minLength: 1, maxLength: 1_000_000, description: "The bytes." }),
  },
  closed,
);

const Button = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 80 }),
    data: Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: "What whoever presses it says; Telegram takes 64 bytes.",
    }),
  },
  closed,
);

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
      files: Type.Optional(
        Type.Array(SentFile, { maxItems: 4, description: "Small ones: the whole call must fit into one frame." }),
      ),
      buttons: Type.Optional(
        Type.Array(Type.Array(Button, { minItems: 1, maxItems: 8 }), {
          maxItems: 10,
          description: "Rows of buttons below the text, where the channel has them.",
        }),
      ),
    },
    closed,
  ),
  result: Type.Object({ message_id: Type.String({ description: "The platform's." }), sent: Type.Literal(true) }),
  handle: async ({ channel_id, account, chat_id, text, files = [], buttons = [] }, { services }) => {
    const to = { channel: channel_id, ...(account !== undefined && { account }), chat: chat_id };
    const { messageId } = await services.gateway.send(to, readMessageText(text, "text"), {
      files: files.map(readFile),
      buttons,
    });
    return { message_id: messageId, sent: true as const };
  },
});

function readFile({ base64, ...about }: Static<typeof SentFile>, at: number) {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw fault.invalidParams({ path: `files/${at}/base64`, problem: "it is no base64" });
  }
  return { ...about, bytes: Buffer.from(base64, "base64") };
}

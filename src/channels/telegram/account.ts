import { SecretText } from "#config";
import { type Static, Type } from "@sinclair/typebox";

/** What an account of it needs, as the settings have it. */
export const TelegramAccount = Type.Object({
  token: SecretText({ description: "The bot's token, from @BotFather. One account per bot." }),
  apiRoot: Type.String({
    pattern: "^https?://",
    default: "https://api.telegram.org",
    description: "Where the Bot API is, for a Bot API server of your own.",
  }),
  mode: Type.Union([Type.Literal("polling"), Type.Literal("webhook")], {
    default: "polling",
    description: "Whether we ask Telegram for messages, or Telegram calls us.",
  }),
  webhookUrl: Type.Optional(
    Type.String({
      pattern: "^https?://",
      description: "Where Telegram calls us: the public address of this gateway and /webhooks/telegram/<account>.",
    }),
  ),
  webhookSecret: Type.Optional(
    SecretText({
      description: "What Telegram shows with each call: 1 to 256 letters, digits, _ and -. Needed for webhooks.",
    }),
  ),
});
export type TelegramAccount = Static<typeof TelegramAccount>;

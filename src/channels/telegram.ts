import { lazily } from "#base";
import { SecretText } from "#config";
import { type Static, Type } from "@sinclair/typebox";
import { defineChannel } from "./channel.ts";

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

export const telegram = defineChannel({
  id: "telegram",
  label: "Telegram",
  followsLog: false,
  account: TelegramAccount,
  text: { most: 4_096, unit: "utf16", measure: lazily(async () => (await import("#markup")).telegramSize) },
  abilities: ["buttons", "delete", "draft", "edit", "grow", "menu", "probe", "react", "take", "typing"],
  keepsUpdates: true,
  files: { mostBytes: 50 * 1024 * 1024 },
  typingMs: 5_000,
  pace: ({ chat }) => [
    { of: "all", most: 30, perMs: 1_000 },
    { of: chat, most: 1, perMs: 1_000 },
    // The ids of groups and channels are negative, their names begin with @.
    ...(/^[-@]/.test(chat) ? [{ of: chat, most: 20, perMs: 60_000 }] : []),
  ],
  // Only groups need it, and they take twenty messages and edits a minute.
  growEveryMs: 3_000,
  check: ({ mode, webhookSecret, webhookUrl }) => {
    const lacks = webhookSecret ? "webhookUrl" : "webhookSecret";
    if (mode === "polling" || (webhookSecret && webhookUrl !== undefined)) return undefined;
    return { field: lacks, problem: "is needed for webhooks" };
  },
  doubts: ({ token }) =>
    /^\d+:[\w-]+$/.test(token.reveal().trim())
      ? []
      : [{ field: "token", problem: "is none of Telegram's, which look like 123456789:AAbbCC" }],
  // Also one that Telegram calls: it has one address for a bot, and none for one that asks.
  identity: ({ token }) => token,
  open: async (options) => {
    const { openTelegram } = await import("./telegram/open.ts");
    return openTelegram(options);
  },
});

/** What people and models write, as text and spans, cut to what a platform takes. */
export { type NameOf } from "./chat-reader.ts";
export { closeMarkdown } from "./close-markdown.ts";
export { discordMessages, discordSize, type DiscordText, fromDiscord, toDiscord } from "./discord.ts";
export { type Markup, type Mentioned, plain, type Span, type Style, type Toggle } from "./markup.ts";
export { parseMarkdown } from "./parse-markdown.ts";
export { fromSlack, slackMessages, slackSize, toSlack } from "./slack.ts";
export { split, type SplitLimits, type Unit } from "./split.ts";
export {
  fromTelegram,
  type TelegramEntity,
  telegramMessages,
  telegramSize,
  type TelegramText,
  toTelegram,
} from "./telegram.ts";
export { tidy } from "./tidy.ts";
export { toMarkdown } from "./to-markdown.ts";

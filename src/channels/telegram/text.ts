import { fromTelegram, parseMarkdown, type TelegramEntity, toMarkdown, toTelegram } from "#markup";
import type { MessageEntity } from "grammy/types";
import type { Entity } from "./incoming.ts";

export interface Rendered {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

const mostText = 4_096;

/**
 * Markdown as Telegram takes it: a text, and what of it looks how. No text can be read as anything else then. One that fits
 * as it is, but not with its lists and tables laid out, goes as it is.
 */
export function rendered(markdown: string): Rendered {
  const { text, entities } = toTelegram(parseMarkdown(markdown));
  if (text.length > mostText && markdown.length <= mostText) return { text: markdown, entities: [] };
  return { text, entities: entities.filter(isLook) };
}

/** A text of Telegram as markdown. */
export function markdownOf(text: string, entities: readonly Entity[] = []): string {
  return toMarkdown(fromTelegram({ text, entities }));
}

const looks: ReadonlySet<string> = new Set<MessageEntity["type"]>([
  "blockquote",
  "bold",
  "code",
  "italic",
  "pre",
  "spoiler",
  "strikethrough",
  "text_link",
  "underline",
]);

/** All that markdown can say; people are mentioned by nothing that is written. */
function isLook(entity: TelegramEntity): entity is TelegramEntity & MessageEntity {
  return looks.has(entity.type);
}

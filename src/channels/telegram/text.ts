import type { MessageEntity } from "grammy/types";
import type { Entity } from "./incoming.ts";

export interface Rendered {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

/** Markdown as Telegram takes it. */
export function rendered(markdown: string): Rendered {
  return { text: markdown.trim(), entities: [] };
}

/** A text of Telegram as markdown. */
export function markdownOf(text: string, _entities: readonly Entity[] = []): string {
  return text;
}

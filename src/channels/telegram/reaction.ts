import type { ReactionTypeEmoji } from "grammy/types";

/** One emoji. Which of them are reactions changes with Telegram, and is for it to say. */
export function isReaction(text: string): text is ReactionTypeEmoji["emoji"] {
  return /^\p{Emoji}[\p{Emoji}\u200D\uFE0F]*$/u.test(text) && text.length <= 16 && !/^[\d#*]/.test(text);
}

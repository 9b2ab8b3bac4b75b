import type { ReactionTypeEmoji } from "grammy/types";

/** One emoji. Which of them are reactions changes with Telegram, and is for it to say. */
export function isReaction(text: string): text is ReactionTypeEmoji["emoji"] {
  return /^[\p{Emoji}\u200D]{1,8}$/u.test(text) && !/^[\d#*]/.test(text);
}

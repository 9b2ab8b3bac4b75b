import type { ConversationMessage, MessageFile } from "#protocol";

/** What both kinds of model APIs take. */
const types: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const most = { pictures: 4, bytesOfOne: 6 * 1024 * 1024, bytes: 12 * 1024 * 1024 };

/** About what APIs count a picture as. */
export const pictureTokens = 1_500;

/** By message, its files that go along as pictures: the newest ones of the conversation, as far as the bounds reach. */
export type Chosen = ReadonlyMap<ConversationMessage, readonly MessageFile[]>;

export const nothingChosen: Chosen = new Map();

/** It looks at nothing but the conversation, so who reads the log later chooses the same. */
export function choosePictures(conversation: readonly ConversationMessage[]): Chosen {
  const chosen = new Map<ConversationMessage, readonly MessageFile[]>();
  let left = most.pictures;
  let bytesLeft = most.bytes;
  for (const message of conversation.toReversed()) {
    const files = message.role === "user" ? (message.files ?? []) : [];
    for (const file of files.toReversed()) {
      if (!types.has(file.mimeType) || file.bytes === 0 || file.bytes > most.bytesOfOne) continue;
      if (left === 0 || file.bytes > bytesLeft) return chosen;
      left -= 1;
      bytesLeft -= file.bytes;
      chosen.set(message, [file, ...(chosen.get(message) ?? [])]);
    }
  }
  return chosen;
}

import { clip, Lru } from "#base";
import type { Sender } from "#channels";
import type { Address } from "#protocol";
import { chatOf } from "./chat-of.ts";
import { speaker } from "./speaker.ts";

const chatsKept = 500;
const mostCharacters = 500;

interface Heard {
  readonly messageId: string;
  readonly sender: Sender;
  readonly text: string;
}

interface Kept {
  readonly messageId: string;
  readonly line: string;
}

/** What was said in groups and not to us: the last few messages of those who may talk to us, in memory only. */
export class GroupHistory {
  readonly #chats = new Lru<string, readonly Kept[]>({ budget: chatsKept });

  /** A message that the platform brings again was said once. */
  note(from: Address, { messageId, sender, text }: Heard, most: number): void {
    const kept = this.#chats.get(chatOf(from)) ?? [];
    if (most === 0 || text.trim() === "" || kept.some((one) => one.messageId === messageId)) return;
    const line = `[${speaker(sender)}] ${clip(text, mostCharacters)}`;
    this.#chats.set(chatOf(from), [...kept, { messageId, line }].slice(-most));
  }

  /** Told once: the next message has it in the conversation already. */
  take(from: Address): readonly string[] {
    const kept = this.#chats.get(chatOf(from)) ?? [];
    this.#chats.delete(chatOf(from));
    return kept.map(({ line }) => line);
  }
}

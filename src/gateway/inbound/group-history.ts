import { clip, Lru } from "#base";
import type { Sender } from "#channels";
import type { Address } from "#protocol";
import { chatOf } from "./chat-of.ts";
import { speaker } from "./speaker.ts";

const chatsKept = 500;
const mostCharacters = 500;

interface Heard {
  readonly sender: Sender;
  readonly text: string;
}

/** What was said in groups and not to us: the last few messages of those who may talk to us, in memory only. */
export class GroupHistory {
  readonly #chats = new Lru<string, string[]>({ budget: chatsKept });

  note(from: Address, { sender, text }: Heard, most: number): void {
    const lines = this.#chats.get(chatOf(from)) ?? [];
    if (most === 0 || text.trim() === "") return;
    lines.push(`[${speaker(sender)}] ${clip(text, mostCharacters)}`);
    this.#chats.set(chatOf(from), lines.slice(-most));
  }

  /** Told once: the next message has it in the conversation already. */
  take(from: Address): readonly string[] {
    const lines = this.#chats.get(chatOf(from)) ?? [];
    this.#chats.delete(chatOf(from));
    return lines;
  }
}

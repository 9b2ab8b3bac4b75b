import { Lru } from "#base";
import type { Address } from "#protocol";
import { chatOf } from "./chat-of.ts";

const mostExchanges = 20;
const withinMs = 60_000;
const chatsKept = 2_000;

/** When we last said something that nobody has answered since. */
type Unanswered = { sentAt: number | undefined };

/**
 * Two programs that answer each other would never stop. Only what was said after we said something is counted, so that a person who
 * writes much at once, or a platform that brings a day's messages, is not taken for one.
 */
export class LoopGuard {
  readonly #chats = new Lru<string, Unanswered>({ budget: chatsKept });
  /** When somebody answered us in a chat. */
  readonly #pairs = new Lru<string, number[]>({ budget: chatsKept });

  sent(to: Address, at: number): void {
    const chat = this.#chats.get(chatOf(to));
    if (chat) chat.sentAt = at;
  }

  /** False: this pair goes round in circles, and what was said is not for a turn. */
  heard(from: Address, senderId: string, at: number): boolean {
    const chat = chatOf(from);
    const known = this.#chats.get(chat) ?? { sentAt: undefined };
    this.#chats.set(chat, known);
    if (known.sentAt === undefined || at < known.sentAt) return true;
    known.sentAt = undefined;
    return this.#mayAnswer(`${chat} ${senderId}`, at);
  }

  #mayAnswer(pair: string, at: number): boolean {
    const answeredAt = this.#pairs.get(pair) ?? [];
    while ((answeredAt[0] ?? at) <= at - withinMs) answeredAt.shift();
    answeredAt.push(at);
    if (answeredAt.length > mostExchanges) answeredAt.shift();
    this.#pairs.set(pair, answeredAt);
    return answeredAt.length < mostExchanges;
  }
}

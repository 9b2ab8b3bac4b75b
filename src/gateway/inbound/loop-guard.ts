import { Lru } from "#base";
import type { Address } from "#protocol";
import { chatOf } from "./chat-of.ts";

const mostExchanges = 20;
const withinMs = 60_000;
const chatsKept = 2_000;

interface Exchange {
  /** We have said something since they were last heard. */
  isOurTurnOver: boolean;
  /** When they answered us, by the platform's clock. */
  readonly answeredAt: number[];
}

/**
 * Two programs that answer each other would never stop. Only answers to what we said are counted, so that a person who
 * writes much at once, or a platform that brings a day's messages, is not taken for one.
 */
export class LoopGuard {
  readonly #exchanges = new Lru<string, Exchange>({ budget: chatsKept });

  sent(to: Address): void {
    const exchange = this.#exchanges.get(chatOf(to));
    if (exchange) exchange.isOurTurnOver = true;
  }

  /** False: this pair goes round in circles, and what was said is not for a turn. */
  heard(from: Address, senderId: string, at: number): boolean {
    const chat = chatOf(from);
    const exchange = this.#exchanges.get(chat) ?? { isOurTurnOver: false, answeredAt: [] };
    this.#exchanges.set(chat, exchange);
    if (!exchange.isOurTurnOver) return true;
    exchange.isOurTurnOver = false;
    return this.#pair(`${chat} ${senderId}`, at);
  }

  #pair(pair: string, at: number): boolean {
    const answeredAt: number[] = this.#exchanges.get(pair)?.answeredAt ?? [];
    while ((answeredAt[0] ?? at) <= at - withinMs) answeredAt.shift();
    answeredAt.push(at);
    if (answeredAt.length > mostExchanges) answeredAt.shift();
    const isLoop = answeredAt.length === mostExchanges && at - (answeredAt[0] ?? at) < withinMs;
    this.#exchanges.set(pair, { isOurTurnOver: false, answeredAt });
    return !isLoop;
  }
}

import { type Log, Lru, pause } from "#base";
import type { REST } from "@discordjs/rest";
import { Routes } from "discord-api-types/v10";
import { isMessages } from "./answers.ts";
import type { SomeMessage } from "./read-message.ts";
import type { Places } from "./places.ts";
import { ask } from "./rest.ts";
import { isLater } from "./snowflake.ts";

/** In a gap, so many chats are looked after, the most recently used first, and so many messages in each. */
export const mostChats = 100;
const pages = 3;
const pageSize = 100;
const atOnce = 4;
const mostRemembered = 1_000;

/** Reads what was written while there was no session, for when Discord does not play it again. */
export class CatchUp {
  readonly #options: {
    readonly rest: REST;
    readonly places: Places;
    readonly log: Log;
    readonly signal: AbortSignal;
  };
  readonly #brought = new Lru<string, true>({ budget: mostRemembered });
  readonly #turns: Promise<void>[] = Array.from({ length: atOnce }, () => Promise.resolve());
  #next = 0;

  constructor(options: {
    readonly rest: REST;
    readonly places: Places;
    readonly log: Log;
    readonly signal: AbortSignal;
  }) {
    this.#options = options;
  }

  /** Whether the gateway brings only now what was read here before. */
  hadBrought(messageId: string): boolean {
    return this.#brought.delete(messageId);
  }

  /** Hands over what came after `last`, the oldest first. */
  async read(chat: string, last: string, take: (message: SomeMessage) => Promise<void>): Promise<void> {
    const gate = Promise.withResolvers<void>();
    const turn = this.#next++ % atOnce;
    const before = this.#turns[turn];
    this.#turns[turn] = gate.promise;
    try {
      await before;
      await this.#readPages(chat, last, take);
    } finally {
      gate.resolve();
    }
  }

  async #readPages(chat: string, last: string, take: (message: SomeMessage) => Promise<void>): Promise<void> {
    const { rest, places, log, signal } = this.#options;
    let after = last;
    for (let page = 0; page < pages; page++) {
      const query = new URLSearchParams({ after, limit: String(pageSize) });
      const asked = await ask(rest, ["get", Routes.channelMessages(chat)], { query, signal });
      if (!("answer" in asked)) {
        if (asked.refusal.refused === "forGood") return;
        await pause(asked.refusal.retryAfterMs ?? 0, signal);
        throw new Error(asked.refusal.problem);
      }
      if (!isMessages(asked.answer)) throw new Error("Discord's answer about the messages of a chat makes no sense.");
      const guild = asked.answer.length > 0 ? (await places.spot(chat))?.guild : undefined;
      const messages = asked.answer.toSorted((a, b) => (isLater(a.id, b.id) ? 1 : -1));
      for (const message of messages) {
        await take({ ...message, ...(guild !== undefined && { guild_id: guild }) });
        this.#brought.set(message.id, true);
        after = message.id;
      }
      if (messages.length < pageSize) return;
    }
    log.warn("more was written on Discord while there was no connection than is read afterwards", { chat });
  }
}

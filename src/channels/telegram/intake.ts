import type { Log } from "#base";
import type { AccountOptions } from "../channel.ts";
import type { Update } from "../update.ts";
import type { Bot } from "./bot.ts";
import { checkIncoming, type Incoming } from "./incoming.ts";
import type { Moves } from "./moves.ts";
import { toUpdates, type View } from "./translate.ts";

/** One update of Telegram, read. */
export interface Item {
  /** Missing when not even that could be read. */
  readonly id?: number;
  /** Items of one lane are taken in their order. */
  readonly lane: string;
  readonly updates: readonly Update[];
  readonly incoming?: Incoming;
}

/** What polling and webhook have in common: from what Telegram sent to what is on disk. */
export class Intake {
  readonly #bot: Bot;
  readonly #view: View;
  readonly #moves: Moves;
  readonly #receive: AccountOptions<unknown>["receive"];
  readonly #log: Log;
  readonly #signal: AbortSignal;

  constructor(options: {
    readonly bot: Bot;
    readonly view: View;
    readonly moves: Moves;
    readonly receive: AccountOptions<unknown>["receive"];
    readonly log: Log;
    readonly signal: AbortSignal;
  }) {
    this.#bot = options.bot;
    this.#view = options.view;
    this.#moves = options.moves;
    this.#receive = options.receive;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  /** What cannot be read is reported and says nothing: asked for again it would be the same. */
  read(raw: unknown): Item {
    const checked = checkIncoming(raw);
    if (!checked.isGood) {
      const { id, problem } = checked;
      this.#log.warn("left out an update of Telegram that makes no sense", { update: id, problem });
      return { ...(id === undefined ? {} : { id }), lane: "", updates: [] };
    }
    const { incoming } = checked;
    const item = { id: incoming.update_id, lane: laneOf(incoming), incoming };
    try {
      return { ...item, updates: toUpdates(incoming, this.#view) };
    } catch (error) {
      this.#log.error("left out an update of Telegram that could not be read", { update: incoming.update_id, error });
      return { id: incoming.update_id, lane: "", updates: [] };
    }
  }

  /** Resolves when all that it says is on disk. */
  async take({ incoming, updates }: Item): Promise<void> {
    for (const update of updates) await this.#receive(update);
    const message = incoming?.message;
    if (message?.migrate_to_chat_id !== undefined) await this.#moves.learn(message.chat.id, message.migrate_to_chat_id);
    if (incoming?.callback_query) void this.#release(incoming.callback_query.id);
  }

  /** Until this is said, the pressed button looks busy. */
  async #release(query: string): Promise<void> {
    try {
      await this.#bot.call(
        (api, signal) => api.answerCallbackQuery({ callback_query_id: query }, signal),
        this.#signal,
      );
    } catch (error) {
      this.#log.debug("a pressed button stays busy", { error });
    }
  }
}

function laneOf(incoming: Incoming): string {
  const { callback_query: query, channel_post, edited_channel_post, edited_message, message } = incoming;
  const within =
    message ?? channel_post ?? edited_message ?? edited_channel_post ?? query?.message ?? incoming.message_reaction;
  return within ? String(within.chat.id) : "";
}

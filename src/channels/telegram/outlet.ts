import { Lru, type Log } from "#base";
import type { Address } from "#protocol";
import type { Connection, OutboundMessage, Posted, SendRefusal } from "../channel.ts";
import type { Bot, BotApi, BotSignal } from "./bot.ts";
import { CallFailed, refusalOf } from "./failure.ts";
import type { Moves } from "./moves.ts";
import { type Step, stepsOf, type Target } from "./outgoing.ts";
import { isReaction } from "./reaction.ts";
import { rendered } from "./text.ts";
type Outcome<T> = { readonly done: T } | SendRefusal;

/** Messages of several requests that are half sent. */
const mostBegun = 500;
/** Uploads may take a while. */
const sendPatienceMs = 120_000;
/** The general topic of a forum, which Telegram knows by no number when it is written to. */
const generalTopic = "1";

/** All that we do in chats. */
export class Outlet implements Pick<Connection, "send" | "edit" | "delete" | "react" | "typing"> {
  readonly #bot: Bot;
  readonly #moves: Moves;
  readonly #log: Log;
  readonly #begun = new Lru<string, readonly number[]>({ budget: mostBegun });

  constructor(options: { readonly bot: Bot; readonly moves: Moves; readonly log: Log }) {
    this.#bot = options.bot;
    this.#moves = options.moves;
    this.#log = options.log;
  }

  /** A later try of a message goes on after the requests that an earlier one got an answer to. */
  async send(message: OutboundMessage, signal: AbortSignal): Promise<{ readonly messageId: string } | SendRefusal> {
    const steps = stepsOf(message);
    if ("refused" in steps) return steps;
    const ids = [...(this.#begun.get(message.clientKey) ?? [])];
    for (const step of steps.slice(ids.length)) {
      const outcome = await this.#perform(step, message.to, signal);
      if ("refused" in outcome) return outcome;
      if (!Number.isSafeInteger(outcome.done))
        throw new CallFailed({ kind: "unknown", says: "a message without an id" });
      ids.push(outcome.done);
      if (ids.length < steps.length) this.#begun.set(message.clientKey, ids);
    }
    this.#begun.delete(message.clientKey);
    return { messageId: String(ids[0]) };
  }

  /** Takes the buttons off, too: they belong to the text before. */
  async edit({ messageId, to }: Posted, markdown: string, signal: AbortSignal): Promise<SendRefusal | undefined> {
    const { text, entities } = rendered(markdown);
    const place = { message_id: Number(messageId) };
    const below: Step = {
      ask: async (api, { chat_id }, within) => {
        await api.editMessageCaption({ chat_id, ...place, caption: text, caption_entities: [...entities] }, within);
        return place.message_id;
      },
    };
    const withMarks = (marks: typeof entities, otherwise: NonNullable<Step["otherwise"]>): Step => ({
      ask: async (api, { chat_id }, within) => {
        await api.editMessageText({ chat_id, ...place, text, entities: [...marks] }, within);
        return place.message_id;
      },
      otherwise,
    });
    const asCaption = { on: /no text in the message/, step: below };
    const step = withMarks(entities, [asCaption, { on: /entit/i, step: withMarks([], [asCaption]) }]);
    return unless(/message is not modified/, await this.#perform(step, to, signal));
  }

  async delete({ messageId, to }: Posted, signal: AbortSignal): Promise<SendRefusal | undefined> {
    const outcome = await this.#inChat(to, signal, (api, { chat_id }, within) =>
      api.deleteMessage({ chat_id, message_id: Number(messageId) }, within),
    );
    return unless(/message to delete not found/, outcome);
  }

  /** A bot has one reaction to a message: another one takes its place. */
  async react(
    { messageId, to }: Posted,
    { emoji, isAdded }: { readonly emoji: string; readonly isAdded: boolean },
    signal: AbortSignal,
  ): Promise<SendRefusal | undefined> {
    // Telegram knows its emoji without the mark that asks for colour.
    const plain = emoji.replaceAll("\uFE0F", "");
    if (isAdded && !isReaction(plain)) return { refused: "forGood", problem: "Telegram has no such reaction." };
    const reaction = isAdded && isReaction(plain) ? [{ type: "emoji" as const, emoji: plain }] : [];
    const outcome = await this.#inChat(to, signal, (api, { chat_id }, within) =>
      api.setMessageReaction({ chat_id, message_id: Number(messageId), reaction }, within),
    );
    return unless(undefined, outcome);
  }

  async typing(to: Address, signal: AbortSignal): Promise<void> {
    try {
      await this.#inChat(to, signal, (api, target, within) =>
        api.sendChatAction({ ...target, action: "typing" }, within),
      );
    } catch (error) {
      this.#log.debug("typing was not shown", { error });
    }
  }

  async draft(
    to: Address,
    draft: { readonly id: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<SendRefusal | undefined> {
    const chat = Number(to.chat);
    if (!(chat > 0)) return { refused: "forGood", problem: "Telegram shows drafts in direct chats alone." };
    const { text, entities } = rendered(draft.text);
    const outcome = await this.#inChat(to, signal, (api, target, within) =>
      api.sendMessageDraft(
        { ...target, chat_id: chat, draft_id: numberOf(draft.id), text, entities: [...entities] },
        within,
      ),
    );
    return unless(undefined, outcome);
  }

  async #perform(step: Step, to: Address, signal: AbortSignal): Promise<Outcome<number>> {
    const outcome = await this.#inChat(to, signal, step.ask);
    if (!("refused" in outcome) || outcome.refused !== "forGood") return outcome;
    const plainer = step.otherwise?.find(({ on }) => on.test(outcome.problem));
    if (!plainer) return outcome;
    this.#log.debug("Telegram refused it as it was; sending it more plainly", { problem: outcome.problem });
    return this.#perform(plainer.step, to, signal);
  }

  /** Asks for something in a chat, and once more where that chat is now, if it has moved. */
  async #inChat<T>(
    to: Address,
    signal: AbortSignal,
    ask: (api: BotApi, target: Target, signal: BotSignal) => Promise<T>,
  ): Promise<Outcome<T>> {
    const inChat = (chat: string) =>
      this.#bot.call((api, within) => ask(api, targetOf(chat, to.thread), within), signal, sendPatienceMs);
    try {
      return { done: await inChat(await this.#moves.find(to.chat)) };
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      const { failure } = error;
      if (failure.kind !== "refused" || failure.movedTo === undefined) return refusalOf(failure);
      await this.#moves.learn(to.chat, failure.movedTo);
    }
    try {
      return { done: await inChat(await this.#moves.find(to.chat)) };
    } catch (error) {
      if (error instanceof CallFailed) return refusalOf(error.failure);
      throw error;
    }
  }
}

function targetOf(chat: string, thread: string | undefined): Target {
  const id = /^-?\d{1,15}$/.test(chat) ? Number(chat) : chat;
  if (thread === undefined || thread === generalTopic || !/^\d{1,15}$/.test(thread)) return { chat_id: id };
  return { chat_id: id, message_thread_id: Number(thread) };
}

/** What was refused because it is so already is done. */
function unless(isSo: RegExp | undefined, outcome: Outcome<unknown>): SendRefusal | undefined {
  return "refused" in outcome && !isSo?.test(outcome.problem) ? outcome : undefined;
}

/** Drafts have numbers there: the same name is the same number, and never zero. */
function numberOf(draftId: string): number {
  return Bun.hash.crc32(draftId) & 0x7fffffff || 1;
}

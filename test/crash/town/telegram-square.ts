import { FakeTelegram, Refusal } from "../../support/fake-telegram.ts";
import { openTo, pick, type Shown, type Spot, type Square } from "./square.ts";

const dayAgo = 24 * 3_600;
const topics = [11, 12] as const;

/** Telegram by long polling: it brings updates again and in another order, refuses polls, and loses answers. */
export class TelegramSquare implements Square {
  readonly platform = "telegram";
  readonly fake = new FakeTelegram();
  readonly spots: readonly Spot[];
  readonly #mentionOnly = -1_002;
  #nextMessage = 1;

  constructor(people: readonly number[]) {
    this.fake.updates.order = jumbled;
    const direct = people.map((person) => this.#spot({ id: 1_000 + person, type: "private", first_name: "P" }));
    const forum = { id: -1_001, type: "supergroup", title: "forum", is_forum: true } as const;
    const group = { id: this.#mentionOnly, type: "supergroup", title: "group" } as const;
    this.spots = [...direct, this.#spot(forum), ...topics.map((topic) => this.#spot(forum, topic)), this.#spot(group)];
  }

  get config(): string {
    const { token, url } = this.fake;
    const account = `[channels.telegram]\ntoken = "${token}"\napi_root = "${url}"`;
    return `${account}\n${openTo("telegram", "groups", [String(this.#mentionOnly)])}`;
  }

  get isHeard(): boolean {
    return this.fake.updates.isPolled;
  }

  get isQuiet(): boolean {
    return this.fake.updates.waiting.length === 0;
  }

  shown(): readonly Shown[] {
    return this.fake.chats.shown.map(({ chat, id, text = "", thread }) => ({
      spot: spotName(chat, thread),
      id: String(id),
      text,
    }));
  }

  disturb(): void {
    const conflict = new Refusal(409, "Conflict: terminated by other getUpdates request");
    const poll = pick([conflict, "lostAnswer", "reset", new Refusal(502, "Bad Gateway")] as const);
    this.fake.trouble("getUpdates", poll, ...(poll === conflict ? [conflict] : []));
    this.fake.trouble("sendMessage", pick(["lostAnswer", new Refusal(500, "Internal"), busy] as const));
    if (Math.random() < 0.1) this.fake.trouble("getUpdates", busy);
  }

  /** An update that no program can read. */
  garble(): void {
    this.fake.updates.addRaw({ message: { message_id: "not a number", chat: null } });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fake[Symbol.asyncDispose]();
  }

  #spot(chat: FakeChatOf, topic?: number): Spot {
    const threads = chat.type === "private" ? {} : { threads: topics };
    this.fake.put({ chat, ...threads });
    return {
      platform: this.platform,
      name: spotName(chat.id, topic),
      kind: chat.type === "private" ? "direct" : "group",
      needsMention: chat.id === this.#mentionOnly,
      say: (speaker, text, isMention) => {
        const named = isMention ? `@molty_bot ${text}` : text;
        const id = this.fake.updates.add({
          message: {
            message_id: this.#nextMessage++,
            date: Math.floor(Date.now() / 1_000) - dayAgo,
            chat,
            from: { id: chat.type === "private" ? chat.id : 1_000 + speaker, is_bot: false, first_name: `P${speaker}` },
            text: named,
            ...(isMention && { entities: [{ type: "mention", offset: 0, length: "@molty_bot".length }] }),
            ...(topic !== undefined && { message_thread_id: topic, is_topic_message: true }),
          } as never,
        });
        return () => !this.fake.updates.waiting.includes(id);
      },
    };
  }
}

type FakeChatOf = Parameters<FakeTelegram["put"]>[0]["chat"];

const busy = new Refusal(429, "Too Many Requests: retry after 1", { retry_after: 1 });

function spotName(chat: number, topic: number | undefined): string {
  return topic === undefined ? String(chat) : `${chat}/${topic}`;
}

/** Now and then in another order, and some of it twice. */
function jumbled<T>(found: readonly T[]): readonly T[] {
  if (Math.random() < 0.6) return found;
  const twice = [...found, ...found.slice(0, 3)];
  return twice
    .map((one) => ({ one, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

import { FakeTelegram, Refusal } from "../../support/fake-telegram.ts";
import { FakeReceiver } from "../../support/fake-receiver.ts";
import { type Crowd, openTo, pick, type Shown, type Spot, type Square, type Streaming } from "./square.ts";

const dayAgo = 24 * 3_600;
const topics = [11, 12] as const;

/** Groups whose words a binding passes on, and where they arrive. */
const forwarding = { from: -1_003, to: -1_004 } as const;
const posting = { from: -1_005, to: "mailbox" } as const;

/** The program; it is no chat, and knows what it has. */
export const mailbox: string = posting.to;

/**
 * Telegram by long polling: it brings updates again and in another order, refuses polls, and loses answers. Beside it is a
 * program to which one of its groups is posted, which breaks connections and knows a message that comes again by its id.
 */
export class TelegramSquare implements Square {
  readonly platform = "telegram";
  readonly fake = new FakeTelegram();
  readonly #mailbox = new FakeReceiver();
  readonly spots: readonly Spot[];
  readonly #mentionOnly = -1_002;
  readonly #streaming: Streaming;
  #nextMessage = 1;

  constructor({ people, streaming }: Crowd) {
    this.#streaming = streaming;
    this.fake.updates.order = jumbled;
    const direct = people.map((person) => this.#spot({ id: 1_000 + person, type: "private", first_name: "P" }));
    const forum = { id: -1_001, type: "supergroup", title: "forum", is_forum: true } as const;
    const group = { id: this.#mentionOnly, type: "supergroup", title: "group" } as const;
    const passing = [forwarding, posting].map(({ from, to }) => ({
      ...this.#spot({ id: from, type: "supergroup", title: "passed on" }),
      passesTo: String(to),
    }));
    this.fake.put({ chat: { id: forwarding.to, type: "supergroup", title: "watch" } });
    const forumSpots = [this.#spot(forum), ...topics.map((topic) => this.#spot(forum, topic))];
    this.spots = [...direct, ...forumSpots, this.#spot(group), ...passing];
  }

  get config(): string {
    const { token, url } = this.fake;
    const account = `[channels.telegram]\ntoken = "${token}"\napi_root = "${url}"`;
    return `${account}\n${openTo("telegram", "groups", { mentionOnly: [String(this.#mentionOnly)], streaming: this.#streaming })}
[channels.webhook.accounts.mail]
secret = "a-secret-of-at-least-sixteen"
url = "${this.#mailbox.url}"
[[bindings]]
action = "forward"
match = { channel = "telegram", peer = { kind = "group", id = "${forwarding.from}" } }
to = { channel = "telegram", chat = "${forwarding.to}" }
[[bindings]]
action = "webhook"
match = { channel = "telegram", peer = { kind = "group", id = "${posting.from}" } }
to = { account = "mail" }`;
  }

  get isHeard(): boolean {
    return this.fake.updates.isPolled;
  }

  get isQuiet(): boolean {
    return this.fake.updates.waiting.length === 0;
  }

  shown(): readonly Shown[] {
    const chats = this.fake.chats.shown.map(({ chat, id, text = "", thread }) => ({
      spot: spotName(chat, thread),
      id: String(id),
      text,
    }));
    const taken = this.#mailbox.got.filter(({ wasRefused }) => !wasRefused);
    const known = new Map(taken.map(({ json }) => [String(json["id"]), String(json["text"])]));
    return [...chats, ...Array.from(known, ([id, text]) => ({ spot: posting.to, id, text }))];
  }

  glimpses(): readonly Omit<Shown, "id">[] {
    const drafts = this.fake.chats.drafts.map(({ chat, text, thread }) => ({ spot: spotName(chat, thread), text }));
    const edits = this.fake.callsOf("editMessageText").map(({ fields }) => {
      const { thread } = this.fake.chats.get(fields["chat_id"], fields["message_id"]) ?? {};
      return { spot: spotName(Number(fields["chat_id"]), thread), text: String(fields["text"]) };
    });
    return [...drafts, ...edits];
  }

  disturb(): void {
    const conflict = new Refusal(409, "Conflict: terminated by other getUpdates request");
    const poll = pick([conflict, "lostAnswer", "reset", new Refusal(502, "Bad Gateway")] as const);
    this.fake.trouble("getUpdates", poll, ...(poll === conflict ? [conflict] : []));
    this.fake.trouble("sendMessage", pick(["lostAnswer", new Refusal(500, "Internal"), busy] as const));
    if (this.#streaming !== "off") {
      this.fake.trouble("editMessageText", pick(["lostAnswer", new Refusal(500, "Internal"), busy] as const));
      this.fake.trouble("sendMessageDraft", pick(["lostAnswer", busy] as const));
    }
    // One at a time: troubles in a row would all meet the message that is first in its queue, which waits ever longer.
    if (this.#mailbox.toCome === 0) this.#mailbox.next(pick([{ cut: true }, { status: 503 }] as const));
    if (Math.random() < 0.1) this.fake.trouble("getUpdates", busy);
  }

  /** An update that no program can read. */
  garble(): void {
    this.fake.updates.addRaw({ message: { message_id: "not a number", chat: null } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fake[Symbol.asyncDispose]();
    await this.#mailbox[Symbol.asyncDispose]();
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

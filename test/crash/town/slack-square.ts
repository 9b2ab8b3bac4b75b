import { type Delivery, FakeSlack } from "../../support/fake-slack.ts";
import { type Crowd, openTo, pick, type Shown, type Spot, type Square, type Streaming } from "./square.ts";

/** How long Slack waits before it brings an event again, shortened. */
const ackMs = 1_500;
const mostAttempts = 4;
const open = "C1";
const mentionOnly = "C2";
const mostPeopleInThreads = 3;

/** Slack by Socket Mode: what was not acknowledged in time comes again, three times. */
export class SlackSquare implements Square {
  readonly platform = "slack";
  readonly fake = new FakeSlack({ ackMs });
  readonly spots: readonly Spot[];
  readonly #deliveries: Delivery[] = [];
  readonly #streaming: Streaming;

  constructor({ people, streaming }: Crowd) {
    const { world } = this.fake;
    this.#streaming = streaming;
    for (const person of people) {
      world.users.set(`U${1_000 + person}`, { name: `p${person}`, displayName: `P${person}` });
      world.chats.set(`D${1_000 + person}`, { id: `D${1_000 + person}`, name: "", kind: "im", messages: [] });
    }
    const direct = people.map((person) => this.#spot(`D${1_000 + person}`, { person }));
    // Answers grow there by Slack's own streams.
    const threads = people.slice(0, mostPeopleInThreads).map((person) => {
      const chat = `D${1_000 + person}`;
      const thread = world.nextTs();
      world.chat(chat).messages.push({ ts: thread, text: "the root", user: `U${1_000 + person}`, reactions: [] });
      return this.#spot(chat, { person, thread });
    });
    const thread = world.nextTs();
    world.chat(open).messages.push({ ts: thread, text: "the root", user: "U1", reactions: [] });
    this.spots = [
      ...direct,
      ...threads,
      this.#spot(open, {}),
      this.#spot(open, { thread }),
      this.#spot(mentionOnly, {}),
    ];
  }

  get config(): string {
    const { apiUrl, appToken, botToken } = this.fake;
    const account = `[channels.slack]\nbot_token = "${botToken}"\napp_token = "${appToken}"\napi_url = "${apiUrl}"`;
    return `${account}\n${openTo("slack", "channels", { mentionOnly: [mentionOnly], streaming: this.#streaming })}`;
  }

  get isHeard(): boolean {
    return this.fake.socket.links > 0;
  }

  get isQuiet(): boolean {
    return this.#deliveries.every(({ isAcked, attempts }) => isAcked || attempts >= mostAttempts);
  }

  shown(): readonly Shown[] {
    return [...this.fake.world.chats.values()].flatMap(({ id: chat, messages }) =>
      messages
        .filter(({ user }) => user === this.fake.world.me.user)
        .map(({ text, thread_ts: thread, ts: id }) => ({ spot: spotName(chat, thread), id, text })),
    );
  }

  glimpses(): readonly Omit<Shown, "id">[] {
    return this.fake.asked.flatMap(({ method, args: { channel = "", ts = "", text, markdown_text: added } }) => {
      if (method !== "chat.update" && method !== "chat.appendStream") return [];
      const message = this.fake.world.chats.get(channel)?.messages.find((one) => one.ts === ts);
      return [{ spot: spotName(channel, message?.thread_ts), text: text ?? added ?? "" }];
    });
  }

  disturb(): void {
    this.fake.fail(
      "chat.postMessage",
      pick([{ cut: "after" }, { cut: "before" }, { status: 502, after: true }] as const),
    );
    if (this.#streaming !== "off") {
      const faults = [{ cut: "after" }, { cut: "before" }, { error: "ratelimited" }] as const;
      for (const method of ["chat.update", "chat.startStream", "chat.appendStream", "chat.stopStream"])
        if (Math.random() < 0.3) this.fake.fail(method, pick(faults));
    }
    if (Math.random() < 0.3) this.fake.socket.disconnect("refresh_requested");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fake[Symbol.asyncDispose]();
  }

  #spot(chat: string, { person, thread }: { readonly person?: number; readonly thread?: string }): Spot {
    return {
      platform: this.platform,
      name: spotName(chat, thread),
      kind: person === undefined || thread !== undefined ? "group" : "direct",
      needsMention: chat === mentionOnly,
      ...(person !== undefined && thread !== undefined && { partOf: chat }),
      say: (speaker, text, isMention) => {
        const { delivery } = this.fake.say(isMention ? `<@${this.fake.world.me.user}> ${text}` : text, {
          channel: chat,
          channel_type: person === undefined ? "channel" : "im",
          user: `U${1_000 + (person ?? speaker)}`,
          ...(thread !== undefined && { thread_ts: thread }),
        });
        this.#deliveries.push(delivery);
        return () => delivery.isAcked;
      },
    };
  }
}

function spotName(chat: string, thread: string | undefined): string {
  return thread === undefined ? chat : `${chat}/${thread}`;
}

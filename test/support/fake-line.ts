import {
  type Channel,
  type ChannelSettings,
  type Connection,
  type OutboundMessage,
  type Posted,
  type Update,
} from "#channels";
import type { Line } from "#gateway";
import { pigeon } from "./fake-channel.ts";

type Message = Extract<Update, { type: "message" }>;

/** An account of a platform with everything that one can have, and a list of what its people saw. */
export class FakeLine implements Line {
  readonly channel: Channel;
  readonly account: string;
  readonly settings: ChannelSettings;
  readonly got: OutboundMessage[] = [];
  readonly typed: string[] = [];
  readonly drafts: string[] = [];
  readonly reactions: (Posted & { readonly emoji: string })[] = [];
  readonly connection: Connection;
  #next = 1;

  constructor(
    settings: ChannelSettings = {},
    { account = "default", limit = pigeon.text, mostFileBytes = 1_000, keepsUpdates = false } = {},
  ) {
    this.channel = { ...pigeon, text: limit, files: { mostBytes: mostFileBytes }, typingMs: 20, keepsUpdates };
    this.account = account;
    this.settings = settings;
    this.connection = {
      state: "online",
      send: async (message) => {
        this.got.push(message);
        return { messageId: `p${this.got.length}` };
      },
      typing: async ({ chat }) => void this.typed.push(chat),
      draft: async (_to, _id, text) => {
        this.drafts.push(text);
        return undefined;
      },
      react: async (message, { emoji }) => {
        this.reactions.push({ ...message, emoji });
        return undefined;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  get texts(): string[] {
    return this.got.map(({ text }) => text);
  }

  /** What Ann, whose id is 1, says to us alone; `more` says otherwise. */
  message(text: string, more: Partial<Message> = {}): Message {
    const id = `u${this.#next++}`;
    return { type: "message", ...this.about(id), messageId: `m-${id}`, text, attachments: [], isToUs: true, ...more };
  }

  about(id: string) {
    return {
      id,
      at: Date.now(),
      from: { channel: "pigeon", account: this.account, chat: "1" },
      place: { kind: "direct" } as const,
      sender: { id: "1", name: "Ann", isBot: false },
    };
  }
}

export const group = { kind: "group" } as const;

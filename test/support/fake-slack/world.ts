import type { types } from "@slack/bolt";

export interface FakeMessage {
  readonly ts: string;
  text: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly thread_ts?: string;
  readonly metadata?: types.MessageMetadata;
  blocks?: unknown;
  /** Of a stream, as long as it is one. */
  streaming_state?: "in_progress" | "completed";
  readonly files?: readonly { readonly id: string; readonly name: string; readonly bytes: Uint8Array }[];
  readonly reactions: { readonly name: string; readonly user: string }[];
  readonly sent?: Readonly<Record<string, string>>;
}

export interface FakeFile {
  readonly id: string;
  readonly name: string;
  bytes: Uint8Array;
}

export interface FakeChat {
  readonly id: string;
  readonly name: string;
  readonly kind: "channel" | "im" | "mpim";
  isArchived?: boolean;
  /** The bot is no member, and the chat is private: it does not exist for the bot. */
  isHidden?: boolean;
  readonly messages: FakeMessage[];
}

/** What a workspace keeps. */
export class World {
  readonly me = { user: "UBOT", bot: "BBOT", name: "openclaw", team: "T1" };
  readonly chats = new Map<string, FakeChat>();
  readonly users = new Map<string, { readonly name: string; readonly displayName: string }>();
  readonly files = new Map<string, FakeFile>();
  /** Whether the app may stream, and for how many steps Slack lets a stream be. */
  streams = { areAllowed: true, mostSteps: Infinity };
  readonly statuses: { readonly chat: string; readonly thread: string; readonly status: string }[] = [];
  #lastTs = 1_700_000_000;

  constructor() {
    for (const [id, name, kind] of [
      ["C1", "general", "channel"],
      ["C2", "random", "channel"],
      ["CM", "mpdm-ann--bob-1", "mpim"],
      ["D1", "", "im"],
    ] as const) {
      this.chats.set(id, { id, name, kind, messages: [] });
    }
    this.users.set("U1", { name: "ann", displayName: "Ann" });
    this.users.set("U2", { name: "bob", displayName: "Bob" });
  }

  chat(id: string): FakeChat {
    const chat = this.chats.get(id);
    if (!chat) throw new Refused("channel_not_found");
    return chat;
  }

  nextTs(): string {
    return `${++this.#lastTs}.000100`;
  }

  /** A message of ours. */
  post(chatId: string, message: Omit<FakeMessage, "ts" | "reactions" | "user" | "bot_id">): FakeMessage {
    if (this.chat(chatId).isHidden) throw new Refused("channel_not_found");
    return this.show(chatId, message);
  }

  /** One that comes by another way than as a member's. */
  show(chatId: string, message: Omit<FakeMessage, "ts" | "reactions" | "user" | "bot_id">): FakeMessage {
    const chat = this.chat(chatId);
    if (chat.isArchived) throw new Refused("is_archived");
    const posted = { ...message, ts: this.nextTs(), user: this.me.user, bot_id: this.me.bot, reactions: [] };
    chat.messages.push(posted);
    return posted;
  }

  message(chatId: string, ts: string): FakeMessage {
    const found = this.chat(chatId).messages.find((message) => message.ts === ts);
    if (!found) throw new Refused("message_not_found");
    return found;
  }
}

/** Slack's `ok: false`. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

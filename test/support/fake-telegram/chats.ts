import type { Chat, InlineKeyboardMarkup, MessageEntity, ReactionType } from "grammy/types";
import { Refusal } from "./refusal.ts";
import type { Upload } from "./request.ts";

/** A message of the bot, as the chat shows it. */
export interface Shown {
  readonly id: number;
  readonly chat: number;
  readonly thread?: number;
  readonly text?: string;
  readonly entities?: readonly MessageEntity[];
  readonly files?: readonly (Upload & { readonly as: string })[];
  readonly group?: string;
  readonly replyTo?: number;
  readonly buttons?: InlineKeyboardMarkup["inline_keyboard"];
}

export interface FakeChat {
  readonly chat: Chat;
  /** The topics it has. */
  readonly threads?: readonly number[];
  /** Why the bot cannot write here. */
  readonly closed?: { readonly code: number; readonly description: string };
  readonly movedTo?: number;
}

/** The chats, what the bot wrote there, and what it did to messages. */
export class Chats {
  readonly #chats = new Map<number, FakeChat>();
  readonly #shown = new Map<string, Shown>();
  readonly reactions = new Map<string, readonly ReactionType[]>();
  readonly drafts: { readonly chat: number; readonly id: number; readonly text: string; readonly thread?: number }[] =
    [];
  readonly actions: { readonly chat: number; readonly thread?: number; readonly action: string }[] = [];
  #nextId = 100;

  put(chat: FakeChat): void {
    this.#chats.set(chat.chat.id, chat);
  }

  /** What people see, in the order it was written. */
  get shown(): readonly Shown[] {
    return [...this.#shown.values()];
  }

  /** The chat a request means. Refuses as the Bot API does. */
  find(id: unknown, thread?: unknown): FakeChat {
    const chat = typeof id === "number" ? this.#chats.get(id) : undefined;
    if (!chat) throw new Refusal(400, "Bad Request: chat not found");
    if (chat.closed) throw new Refusal(chat.closed.code, chat.closed.description);
    if (chat.movedTo !== undefined) {
      throw new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
        migrate_to_chat_id: chat.movedTo,
      });
    }
    if (thread !== undefined && !chat.threads?.includes(thread as number)) {
      throw new Refusal(400, "Bad Request: message thread not found");
    }
    return chat;
  }

  show(message: Omit<Shown, "id">): Shown {
    const shown = { id: this.#nextId++, ...message };
    this.#shown.set(`${shown.chat}/${shown.id}`, shown);
    return shown;
  }

  get(chat: unknown, id: unknown): Shown | undefined {
    return this.#shown.get(`${chat as number}/${id as number}`);
  }

  change(message: Shown): void {
    this.#shown.set(`${message.chat}/${message.id}`, message);
  }

  remove(chat: unknown, id: unknown): boolean {
    return this.#shown.delete(`${chat as number}/${id as number}`);
  }
}

const known: ReadonlySet<string> = new Set<MessageEntity["type"]>([
  "mention",
  "hashtag",
  "cashtag",
  "bot_command",
  "url",
  "email",
  "phone_number",
  "bold",
  "italic",
  "underline",
  "strikethrough",
  "spoiler",
  "blockquote",
  "expandable_blockquote",
  "code",
  "pre",
  "text_link",
  "text_mention",
  "custom_emoji",
]);

/** A text as the Bot API takes it. */
export function checkText(text: unknown, entities: unknown, most: number): void {
  const length = typeof text === "string" ? text.length : 0;
  if (length > most)
    throw new Refusal(400, `Bad Request: ${most === 1_024 ? "message caption" : "message"} is too long`);
  for (const entity of (entities ?? []) as MessageEntity[]) {
    const isWithin = entity.offset >= 0 && entity.length > 0 && entity.offset + entity.length <= length;
    if (!known.has(entity.type) || !isWithin) {
      throw new Refusal(400, `Bad Request: can't parse entities: ${entity.type} at ${entity.offset}`);
    }
  }
}

export function checkButtons(markup: unknown): InlineKeyboardMarkup["inline_keyboard"] | undefined {
  if (markup === undefined) return undefined;
  const { inline_keyboard: rows } = markup as InlineKeyboardMarkup;
  for (const button of rows.flat()) {
    const data = "callback_data" in button ? (button.callback_data ?? "") : "";
    if (Buffer.byteLength(data) < 1 || Buffer.byteLength(data) > 64)
      throw new Refusal(400, "Bad Request: BUTTON_DATA_INVALID");
  }
  return rows;
}

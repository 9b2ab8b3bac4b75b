import { Secret } from "#base";
import { telegram, type TelegramAccount } from "../../src/channels/telegram.ts";
import type { MessengerPlatform } from "./channel-platform.ts";
import { FakeTelegram, Refusal } from "./fake-telegram.ts";

export function telegramSettings(fake: FakeTelegram, more: Partial<TelegramAccount> = {}): TelegramAccount {
  return { token: new Secret(fake.token), apiRoot: fake.url, mode: "polling", ...more };
}

/** The fake Bot API for the conformance suite. */
export async function openTelegramPlatform(): Promise<MessengerPlatform> {
  const fake = new FakeTelegram();
  return {
    channel: telegram,
    settings: telegramSettings(fake),
    wrongSettings: telegramSettings(fake, { token: new Secret("1:of_nobody") }),
    chat: "42",
    goneChat: "43",
    says: (text) => void fake.says(text),
    press: (messageId, label) => {
      const button = fake.chats
        .get(42, messageId)
        ?.buttons?.flat()
        .find(({ text }) => text === label);
      const chat = { id: 42, type: "private", first_name: "Ada" };
      const message = { message_id: Number(messageId), date: 1_790_000_000, chat };
      const from = { id: 42, is_bot: false, first_name: "Ada" };
      const data = button && "callback_data" in button ? button.callback_data : undefined;
      fake.updates.addRaw({ callback_query: { id: "q1", from, message, data, chat_instance: "c" } });
    },
    get unacknowledged() {
      return fake.updates.waiting.length;
    },
    shown: (messageId) => {
      const message = fake.chats.get(42, messageId);
      const reactions = fake.chats.reactions.get(`42/${messageId}`) ?? [];
      return (
        message && {
          text: message.text ?? "",
          reactions: reactions.map((one) => ("emoji" in one ? one.emoji : one.type)),
        }
      );
    },
    files: async () =>
      fake.chats.shown
        .flatMap(({ files }) => files ?? [])
        .map(({ name, bytes, as }) => ({ name, text: Buffer.from(bytes).toString(), isVoice: as === "voice" })),
    get texts() {
      return fake.chats.shown.map(({ text = "" }) => text);
    },
    get shownCount() {
      return fake.chats.shown.length;
    },
    get typings() {
      return fake.chats.actions.length;
    },
    get drafts() {
      return fake.chats.drafts.map(({ text }) => text);
    },
    next: (trouble, to = "send") => {
      const method = to === "send" ? "sendMessage" : "editMessageText";
      const waitSeconds = { rateLimited: 60, busy: 1 };
      if (trouble !== "rateLimited" && trouble !== "busy") return fake.trouble(method, trouble);
      const asked = { retry_after: waitSeconds[trouble] };
      fake.trouble(method, new Refusal(429, `Too Many Requests: retry after ${asked.retry_after}`, asked));
    },
    get strangers() {
      return fake.strangers;
    },
    get isListening() {
      return fake.updates.isPolled;
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

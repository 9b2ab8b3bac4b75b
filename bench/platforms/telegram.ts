import { FakeTelegram } from "../../test/support/fake-telegram.ts";
import type { OpenSide } from "./side.ts";

const firstChat = 1_000;
const firstUpdate = 700_000;

/** Asked for updates, as Telegram is unless somebody sets up a webhook: it is told by the number that the next poll begins with. */
export const openTelegramSide: OpenSide = async (name, chats) => {
  const fake = new FakeTelegram({ name, firstUpdate });
  for (let i = 0; i < chats; i++) fake.put({ chat: { id: firstChat + i, type: "private", first_name: `P${i}` } });
  const counts = { said: 0, told: 0 };
  return {
    channel: "telegram",
    settings: { token: fake.token, api_root: fake.url },
    get isConnected() {
      return fake.updates.isPolled;
    },
    say: (chat, text) => {
      const id = firstChat + chat;
      const person = { id, first_name: `P${chat}` };
      fake.says(text, {
        message_id: 1 + counts.said++,
        chat: { ...person, type: "private" },
        from: { ...person, is_bot: false },
      });
    },
    told: () => {
      const first = fake.updates.waiting[0];
      const upTo = first === undefined ? counts.said : first - firstUpdate;
      const news = Array.from({ length: upTo - counts.told }, (_, i) => counts.told + i);
      counts.told = upTo;
      return news;
    },
    answers: () => fake.chats.shown.map(({ chat, text = "" }) => ({ chat: chat - firstChat, text })),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
};

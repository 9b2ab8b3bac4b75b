import { type Delivery, FakeSlack } from "../../test/support/fake-slack.ts";
import type { OpenSide } from "./side.ts";

/** What Slack waits for an acknowledgement before it sends an event again. */
const ackMs = 3_000;

export const openSlackSide: OpenSide = async (name, chats) => {
  const fake = new FakeSlack({ ackMs, name });
  const rooms = Array.from({ length: chats }, (_, i) => `D${1_000 + i}`);
  for (const [i, id] of rooms.entries()) {
    fake.world.chats.set(id, { id, name: "", kind: "im", messages: [] });
    fake.world.users.set(`P${i}`, { name: `p${i}`, displayName: `P${i}` });
  }
  const open = new Map<number, Delivery>();
  const counts = { said: 0 };
  return {
    channel: "slack",
    settings: { bot_token: fake.botToken, app_token: fake.appToken, api_url: fake.apiUrl },
    get isConnected() {
      return fake.socket.links > 0;
    },
    say: (chat, text) => {
      const { delivery } = fake.say(text, { channel: rooms[chat], channel_type: "im", user: `P${chat}` });
      open.set(counts.said++, delivery);
    },
    told: () => {
      const news = [...open].flatMap(([n, { isAcked }]) => (isAcked ? [n] : []));
      for (const n of news) open.delete(n);
      return news;
    },
    answers: () =>
      rooms.flatMap((room, chat) =>
        fake
          .messages(room)
          .filter(({ user }) => user === fake.world.me.user)
          .map(({ text }) => ({ chat, text })),
      ),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
};

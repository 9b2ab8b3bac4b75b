import { FakeDiscord } from "../../test/support/fake-discord.ts";
import type { OpenSide } from "./side.ts";

/** Discord is told nothing message by message: a heartbeat names the last event, and is asked for more often than Discord does. */
const askEveryMs = 10;

export const openDiscordSide: OpenSide = async (name, chats) => {
  const fake = await FakeDiscord.open({ name });
  const people = Array.from({ length: chats }, (_, i) => fake.guild.user(`p${i}`));
  const rooms = people.map(() => fake.guild.open("direct", ""));
  /** The number that the session gave to each message. */
  const sequences: number[] = [];
  const counts = { told: 0, askedAt: 0 };
  return {
    channel: "discord",
    settings: { token: fake.token, api_base: fake.apiBase },
    get isConnected() {
      return fake.gateway.isConnected;
    },
    say: (chat, text) => {
      const [person, room] = [people[chat], rooms[chat]];
      if (!person || room === undefined) throw new Error(`there is no chat ${chat}`);
      fake.say(room, person, text);
      sequences.push(fake.gateway.sequence);
    },
    told: () => {
      const last = fake.gateway.beats.at(-1) ?? 0;
      const news: number[] = [];
      while ((sequences[counts.told] ?? Infinity) <= last) news.push(counts.told++);
      const now = performance.now();
      if (counts.told < sequences.length && now - counts.askedAt >= askEveryMs) {
        counts.askedAt = now;
        fake.gateway.askForHeartbeat();
      }
      return news;
    },
    answers: () =>
      rooms.flatMap((room, chat) =>
        fake
          .messages(room)
          .filter(({ author }) => author.id === fake.guild.bot.id)
          .map(({ content: text }) => ({ chat, text })),
      ),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
};

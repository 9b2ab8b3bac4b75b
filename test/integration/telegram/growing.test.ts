import { expect, test } from "bun:test";
import { telegram } from "../../../src/channels/telegram.ts";
import { openChannelLine } from "../../support/channel-line.ts";
import { FakeTelegram } from "../../support/fake-telegram.ts";
import { telegramSettings } from "../../support/telegram-platform.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { Gates, Walk } from "../../support/walk.ts";

const group = -1_001_234_567_890;

test.each([
  ["42", "in a direct chat an answer grows as a draft, and is sent as a message", ["let me see"]],
  [String(group), "in a group, which has no drafts, an answer grows as a message that it is written into", []],
] as const)("%s: %s", async (chat, _what, drafts) => {
  await using fake = new FakeTelegram();
  fake.put({ chat: { id: group, type: "supergroup", title: "Engines" } });
  await using account = await openChannelLine(telegram, telegramSettings(fake));
  using folder = tempFolder();
  const gates = new Gates();
  const channel = { ...telegram, growEveryMs: 5 };
  const settings = { streaming: "partial" } as const;
  await using walk = new Walk({
    folder: folder.path,
    channels: [{ channel, account: "default", settings, connection: account.connection }],
    answer: async function* (request, signal) {
      yield { type: "text", delta: "let **me see" } as const;
      yield* gates.answer(request, signal) as AsyncIterable<never>;
    },
  });
  await walk.say("hello", { sessionKey: "agent:main:telegram:default:direct:42", from: { channel: "telegram", chat } });
  const isDirect = chat === "42";
  await until("it grows", () =>
    (isDirect ? fake.chats.drafts : fake.chats.shown).some(({ text }) => text === "let me see"),
  );
  gates.open("hello");
  await until("the answer", () => fake.chats.shown[0]?.text === "let **me seeecho hello");
  expect(fake.chats.shown).toHaveLength(1);
  expect(fake.chats.drafts.map(({ text }) => text)).toEqual([...drafts]);
  expect(fake.callsOf("editMessageText").length > 0).toBe(!isDirect);
});

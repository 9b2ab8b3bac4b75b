import { describe, expect, test } from "bun:test";
import type { MessengerPlatform } from "../support/channel-platform.ts";
import { ChannelWalk } from "../support/channel-walk.ts";
import { FakeLine } from "../support/fake-line.ts";
import { openDiscordPlatform } from "../support/discord-platform.ts";
import { says } from "../support/scripted-provider.ts";
import { openSlackPlatform } from "../support/slack-platform.ts";
import { openTelegramPlatform } from "../support/telegram-platform.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { lastText, Walk } from "../support/walk.ts";

/** The most that the platform takes in one message. */
const platforms: readonly {
  readonly channel: string;
  readonly openFake: () => Promise<MessengerPlatform>;
  readonly most: number;
}[] = [
  { channel: "discord", openFake: openDiscordPlatform, most: 2_000 },
  { channel: "slack", openFake: openSlackPlatform, most: 40_000 },
  { channel: "telegram", openFake: openTelegramPlatform, most: 4_096 },
];

const family = "👩‍👩‍👧";
const letter = "e\u0301";

const words: readonly (readonly [string, string])[] = [
  ["composed", "caf\u00e9 \u00c5"],
  ["decomposed", `caf${letter} A\u030a`],
  ["joined emoji", `${family} 🏳️‍🌈 👍🏽`],
  ["an override of the direction", "abc \u202edef\u202c ghi"],
  ["a letter with 1,000 marks", `z${"\u0300".repeat(1_000)}`],
];

/** Without white space, so that nothing may be lost at a cut, and off the limits by one. */
const long: readonly (readonly [string, string])[] = [
  ["of families", `a${family.repeat(1_200)}`],
  ["of flags", `a${"🇩🇪🇫🇷".repeat(1_100)}`],
  ["of decomposed letters", `a${letter.repeat(4_500)}`],
  ["of emoji", `a${"😀".repeat(4_400)}`],
];

const rows = Array.from({ length: 120 }, (_, at) => `|r${at}|x|`);

/** Short in markdown, and what must be there. */
const growing: readonly (readonly [string, string, readonly string[]])[] = [
  ["a table", `|${"name ".repeat(8)}|b|\n|-|-|\n${rows.join("\n")}`, ["r0", "r119"]],
  ["a list in lists", `${"* * * x ".repeat(510)}end`, ["end"]],
  ["a text of signs", `${"~ ".repeat(1_990)}end`, ["end"]],
];

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const graphemes = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);

async function answersTo(openFake: () => Promise<MessengerPlatform>, answer: string): Promise<readonly string[]> {
  using folder = tempFolder();
  await using platform = await openFake();
  await using house = await ChannelWalk.open([platform], { folder: folder.path, answer: () => says(answer) });
  await house.online();
  platform.says("go on");
  const { storage } = house.walk;
  await until("all of the answer", async () => {
    const isOwed = (await storage.openRuns()).length + (await storage.outbox({ limit: 1, isDead: false })).length > 0;
    return platform.texts.length > 0 && !isOwed;
  });
  expect(await storage.outbox({ limit: 1, isDead: true })).toEqual([]);
  return platform.texts;
}

test("REL-24: two who are called alike, composed and decomposed, are two people with a conversation and an answer each", async () => {
  using folder = tempFolder();
  const line = new FakeLine({ dmPolicy: "open", allowFrom: ["*"] });
  const session = { dmScope: "per-account-channel-peer", identityLinks: {} } as const;
  await using walk = new Walk({ folder: folder.path, channels: [line], inbound: { session } });
  const alike = ["caf\u00e9", `caf${letter}`];
  for (const id of alike) {
    const who = {
      sender: { id, name: "Ann", isBot: false },
      from: { channel: "pigeon", account: "default", chat: id },
    };
    await walk.inbound.take(line.message(`I am ${id}`, who), line);
  }
  await until("both answers", () => line.got.length === 2);
  expect(line.got.map(({ to, text }) => `${to.chat}: ${text}`).toSorted()).toEqual(
    alike.map((id) => `${id}: echo I am ${id}`).toSorted(),
  );
  expect(walk.asked.map(({ messages }) => messages.length)).toEqual([1, 1]);
});

describe.each([...platforms])("REL-24: on $channel", ({ openFake, most }) => {
  test.each([...words])("a text that is %s comes in and goes out as it is", async (_what, text) => {
    using folder = tempFolder();
    await using platform = await openFake();
    await using house = await ChannelWalk.open([platform], { folder: folder.path });
    await house.online();
    platform.says(text);
    await until("the answer", () => platform.texts.length > 0);
    expect(lastText(house.walk.asked[0])).toBe(text);
    expect(platform.texts).toEqual([`echo ${text}`]);
  });

  test.each([...long])("a long answer %s is cut between what people see as letters", async (_what, answer) => {
    const texts = await answersTo(openFake, answer);
    expect(texts.length).toBeGreaterThan(1);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(most);
    expect(texts.flatMap(graphemes)).toEqual(graphemes(answer));
  });

  test("a letter with 10,000 marks is cut between them, and none is lost", async () => {
    const answer = `z${"\u0300".repeat(10_000)}`;
    const texts = await answersTo(openFake, answer);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(most);
    expect(texts.join("")).toBe(answer);
  });

  test.each([...growing])("%s, which is longer as the platform shows it, arrives", async (_what, answer, parts) => {
    const shown = (await answersTo(openFake, answer)).join("\n");
    for (const part of parts) expect(shown).toContain(part);
    expect(shown).not.toContain("|-|"); // laid out, and not as it was written
  });

  test("code that is cut is code in every piece", async () => {
    const lines = Array.from({ length: 600 }, (_, at) => `let ${family}${at} = ${at};`);
    const texts = await answersTo(openFake, `\`\`\`ts\n${lines.join("\n")}\n\`\`\``);
    expect(texts.length).toBeGreaterThan(1);
    const fences = texts.map((text) => text.match(/```/g)?.length ?? 0);
    expect(new Set(fences).size).toBe(1); // Telegram has them beside the text
    const code = texts.map((text) => text.replaceAll(/```(?:ts)?/g, "").trim());
    expect(code.join("\n").split("\n")).toEqual(lines);
  });
});

import { expect, test } from "bun:test";
import { channels, type Channel } from "#channels";
import { type Line, linesOf } from "#gateway";
import type { Address } from "#protocol";
import type { OutboxRow } from "#storage";
import { Pace } from "../../../src/gateway/outbound/pace.ts";

const all: readonly Channel[] = channels;

function paceOf(id: string, settings: Line["settings"] = {}): Pace {
  const channel = all.find((one) => one.id === id);
  if (!channel) throw new Error(`no channel ${id}`);
  const connection = {
    state: "online",
    send: async () => ({ messageId: "1" }),
    [Symbol.asyncDispose]: async () => {},
  } as const;
  return new Pace(linesOf([{ channel, account: "default", settings, connection }]));
}

/** Says as much to these chats, in turn, as the pace lets through; the times of what each was told. */
async function sayAll(id: string, chats: readonly string[], count: number, pace = paceOf(id)) {
  const told: { readonly chat: string; readonly at: number }[] = [];
  const waiting = Array.from({ length: count }, (_, i) => row(i, { channel: id, chat: chats[i % chats.length] ?? "" }));
  for (let now = 0; waiting.length > 0;) {
    const firsts = [...new Map(waiting.toReversed().map((one) => [one.to.chat, one])).values()].toReversed();
    const waits = firsts.map(({ to }) => pace.waitMs(to, now));
    const rows = firsts.filter(({ to }) => {
      const mayGo = pace.waitMs(to, now) === 0;
      if (mayGo) pace.note(to, now);
      return mayGo;
    });
    for (const one of rows) {
      told.push({ chat: one.to.chat, at: now });
      waiting.splice(waiting.indexOf(one), 1);
    }
    if (rows.length === 0) {
      const waitMs = Math.min(...waits);
      expect(waitMs).toBeGreaterThan(0);
      now += waitMs;
    }
  }
  return told;
}

/** The most that were told within any so long a time. */
function mostWithin(perMs: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + perMs).length));
}

function row(n: number, to: Address): OutboxRow {
  return { id: `r${n}`, n, to, text: "x" } as OutboxRow;
}

test("pieces for a group of Telegram's go out one a second and twenty a minute, and not slower", async () => {
  const times = (await sayAll("telegram", ["-100777"], 45)).map(({ at }) => at);
  expect([mostWithin(1_000, times), mostWithin(60_000, times)]).toEqual([1, 20]);
  expect(times.at(-1)).toBe(124_000);
});

test("a direct chat of Telegram's has a message a second, and all of a bot's chats thirty", async () => {
  const chats = Array.from({ length: 100 }, (_, i) => String(i + 1));
  const told = await sayAll("telegram", chats, 300);
  expect(
    mostWithin(
      1_000,
      told.map(({ at }) => at),
    ),
  ).toBe(30);
  for (const chat of chats) {
    const own = told.filter((one) => one.chat === chat).map(({ at }) => at);
    expect([own.length, mostWithin(1_000, own)]).toEqual([3, 1]);
  }
});

test.each([
  ["slack", 1_000, 1],
  ["discord", 5_000, 5],
])("a chat of %s is told no more within %d ms than %d", async (id, perMs, most) => {
  const times = (await sayAll(id, ["C1"], 12)).map(({ at }) => at);
  expect(mostWithin(perMs, times)).toBe(most);
});

test("where nobody advises a pace, or the settings want none, everything goes at once", async () => {
  expect((await sayAll("webhook", ["room"], 50)).every(({ at }) => at === 0)).toBe(true);
  const hurried = await sayAll("telegram", ["-100777"], 50, paceOf("telegram", { pace: "off" }));
  expect(hurried.every(({ at }) => at === 0)).toBe(true);
});

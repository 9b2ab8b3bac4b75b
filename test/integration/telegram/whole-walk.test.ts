import type { Storage } from "#storage";
import { afterEach, beforeEach, describe, expect, mock, spyOn, test } from "bun:test";
import { locateHome } from "#config";
import { openApp } from "../../../src/app.ts";
import { telegram } from "../../../src/channels/telegram.ts";
import { openChannelLine } from "../../support/channel-line.ts";
import { ChannelWalk } from "../../support/channel-walk.ts";
import { FakeTelegram, Refusal } from "../../support/fake-telegram.ts";
import { openGateway, sharedToken } from "../../support/open-gateway.ts";
import { telegramSettings } from "../../support/telegram-platform.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { key, over, type Walk } from "../../support/walk.ts";

const dayAgo = Math.floor(Date.now() / 1_000) - 24 * 3_600;

/** The random part of a wait is small. */
beforeEach(() => void spyOn(Math, "random").mockReturnValue(0.01));
afterEach(() => mock.restore());

/** A message in the chat of somebody, whom the fake knows from then on. */
function by(fake: FakeTelegram, person: number): object {
  const chat = { id: person, type: "private", first_name: `P${person}` } as const;
  fake.put({ chat });
  return { date: dayAgo, chat, from: { id: person, is_bot: false, first_name: `P${person}` } };
}

function openWalk(fake: FakeTelegram, folder: string, between?: (storage: Storage) => Storage): Promise<ChannelWalk> {
  const platform = { channel: telegram, settings: telegramSettings(fake) };
  return ChannelWalk.open([platform], {
    folder,
    ...(between && { between }),
    limits: { perLane: 200, waiting: 1_000 },
  });
}

async function turns(walk: Walk): Promise<readonly string[]> {
  return (await walk.log(key)).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : []));
}

describe("REL-10: with Telegram by polling", () => {
  test("each update is one turn and one answer in its chat, though the server resends, reorders, refuses and breaks off", async () => {
    using folder = tempFolder();
    await using fake = new FakeTelegram();
    const state = { polls: 0 };
    fake.updates.order = (found) => (state.polls++ % 2 === 0 ? [...found, ...found].toReversed() : found);
    const conflict = new Refusal(409, "Conflict: terminated by other getUpdates request");
    const busy = new Refusal(429, "Too Many Requests: retry after 0", { retry_after: 0 });
    fake.trouble("getUpdates", "lostAnswer", conflict, conflict, "reset", busy, "lostAnswer");
    const people = Array.from({ length: 12 }, (_, at) => 100 + at);
    for (const round of [1, 2, 3]) for (const person of people) fake.says(`m${round} of ${person}`, by(fake, person));
    fake.updates.addRaw({ message: { message_id: "none" } });
    await using house = await openWalk(fake, folder.path);
    await until("all acknowledged", () => fake.updates.waiting.length === 0);
    await until("all answers", () => fake.chats.shown.length === 36);
    await until("their records", async () => {
      const events = await house.walk.log(key);
      return events.filter(({ kind }) => kind === "MessageSent").length === 36;
    });
    const all = await turns(house.walk);
    expect(new Set(all).size).toBe(36);
    expect(all).toHaveLength(36);
    for (const person of people) {
      const shown = fake.chats.shown.filter(({ chat }) => chat === person).map(({ text }) => text);
      expect(shown).toEqual([1, 2, 3].map((round) => `echo m${round} of ${person}`));
    }
  });

  test("the offset is never ahead of the disk, over a backlog of 10,000 updates that are a day old", async () => {
    await using fake = new FakeTelegram();
    const first = fake.says("0", by(fake, 100));
    for (let at = 1; at < 10_000; at++) fake.says(String(at), by(fake, 100 + (at % 50)));
    const onDisk = new Set<number>();
    const lost: number[] = [];
    fake.updates.order = (found) => {
      const dropped = (fake.updates.waiting[0] ?? first) - first;
      for (let at = 0; at < dropped; at++) if (!onDisk.has(at)) lost.push(at);
      return found;
    };
    let calls = 0;
    await using line = await openChannelLine(telegram, telegramSettings(fake), {
      receive: async (update) => {
        if (++calls % 1_500 === 0) throw new Error("not now");
        await Bun.sleep(0);
        onDisk.add(Number("text" in update ? update.text : Number.NaN));
      },
    });
    await until("all acknowledged", () => fake.updates.waiting.length === 0, 15_000);
    expect(onDisk.size).toBe(10_000);
    expect(line.received.length - 10_000).toBe(Math.floor(calls / 1_500));
    expect(lost).toEqual([]);
  });

  test("an update that breaks us is put aside the fifth time, and its chat goes on", async () => {
    using folder = tempFolder();
    await using fake = new FakeTelegram();
    const state = { tries: 0 };
    const between = (storage: Storage) =>
      over(storage, {
        append: async (append) => {
          if (!JSON.stringify(append.events).includes("poison")) return storage.append(append);
          state.tries++;
          throw new TypeError("it is poisoned");
        },
      });
    fake.says("before");
    fake.says("poison");
    fake.says("after");
    await using house = await openWalk(fake, folder.path, between);
    await until("the answers around it", () => fake.chats.shown.length === 2);
    expect(fake.chats.shown.map(({ text }) => text)).toEqual(["echo before", "echo after"]);
    await until("all acknowledged", () => fake.updates.waiting.length === 0);
    expect(state.tries).toBe(5);
    const aside = await house.walk.storage.records({ kind: "inbound-aside", limit: 9 });
    expect(aside.map(({ data }) => (JSON.parse(data) as { problem: string }).problem)).toEqual([
      expect.stringContaining("it is poisoned"),
    ]);
  });

  test("a second gateway on the same home is refused before it asks Telegram anything", async () => {
    await using fake = new FakeTelegram();
    await using gateway = await openGateway(`[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"`);
    await until("a poll", () => fake.updates.isPolled);
    const met = fake.callsOf("getMe").length;
    const home = locateHome({ OPENCLAW_HOME: gateway.home });
    const environment = { OPENCLAW_GATEWAY_TOKEN: sharedToken };
    const second = openApp({ home, environment, flags: { "gateway.port": 0 }, version: "1.2.3" });
    await expect(second).rejects.toMatchObject({ code: "alreadyRunning" });
    expect(fake.callsOf("getMe")).toHaveLength(met);
    expect(fake.updates.isPolled).toBe(true);
  });

  test("a second account with the same token is no setting that a gateway starts with", async () => {
    await using fake = new FakeTelegram();
    const account = `token = "${fake.token}"\napi_root = "${fake.url}"`;
    const config = `[channels.telegram]\n${account}\n[channels.telegram.accounts.work]\n${account}`;
    const refused: unknown = await openGateway(config).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "configInvalid" });
    expect(String(refused)).toContain("is also that of the account default");
    expect(String(refused)).not.toContain(fake.token);
    expect(fake.calls).toEqual([]);
  });
});

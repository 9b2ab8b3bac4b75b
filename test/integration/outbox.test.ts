import { join } from "node:path";
import { describe, expect, spyOn, test } from "bun:test";
import { systemClock } from "#base";
import { fault, type InboundMessage } from "#protocol";
import type { Storage } from "#storage";
import { FakeChannel } from "../support/fake-channel.ts";
import { openSqliteFile } from "../support/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { over, sayAndHang, Walk, webchat } from "../support/walk.ts";

const key = "agent:main:pigeon:default:direct:c1";
const from = { channel: "pigeon", chat: "c1" };
const inChat = { sessionKey: key, from };
const otherKey = "agent:main:pigeon:default:direct:c2";
const inOtherChat = { sessionKey: otherKey, from: { channel: "pigeon", chat: "c2" } } satisfies Partial<InboundMessage>;

describe("an answer", () => {
  test("is delivered to where the message came from, and recorded with its turn and the platform's id", async () => {
    using folder = tempFolder();
    const channel = new FakeChannel(undefined, "a");
    await using walk = new Walk({ folder: folder.path, channels: [webchat, channel] });
    const to = { ...from, account: "a", thread: "t" };
    await walk.say("hello", { ...inChat, from: to });
    const sent = await recorded(walk, 1);
    expect(sent).toEqual([{ kind: "MessageSent", runId: "m1", messageId: "p1", to, text: "echo hello" }]);
    expect(channel.got).toEqual([{ to, text: "echo hello" }]);
    expect(await waiting(walk)).toEqual([]);
  });

  test("of the web is in the log, and nothing is delivered", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, channels: [webchat, new FakeChannel()] });
    await walk.say("hello");
    await walk.ending("m1");
    expect(await waiting(walk)).toEqual([]);
    expect((await walk.log()).map((event) => event.kind)).not.toContain("MessageSent");
  });

  test("that is missing is told to people too, one that was asked for not to be is not", async () => {
    using folder = tempFolder();
    const channel = new FakeChannel();
    await using walk = new Walk({
      folder: folder.path,
      channels: [channel],
      timeoutMs: 30,
      answer: (_request, signal) => sayAndHang("", signal),
    });
    await walk.say("slow", inChat);
    await walk.say("waits", { ...inChat, id: "w" });
    await walk.gateway.abort({ sessionKey: key, runId: "w" });
    await recorded(walk, 1);
    expect(channel.texts).toEqual(["The turn took longer than 0.03 seconds."]);
    expect(await waiting(walk)).toEqual([]);
  });

  test("to a turn that recovery had to end is told to people too", async () => {
    using folder = tempFolder();
    for (const life of [1, 2, 3]) {
      const channels = [new FakeChannel()];
      await using walk = new Walk({ folder: folder.path, channels, answer: (_r, s) => sayAndHang("half", s) });
      if (life === 1) await walk.say("one", inChat);
      else await walk.recovered();
      await walk.wasAsked(1);
    }
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    expect(await walk.recovered()).toEqual({ resumed: 0, ended: 1 });
    await until("the news", () => channel.got.length === 1);
    expect(channel.texts[0]).toContain("Please ask again");
  });
});

describe("a delivery that fails", () => {
  test("is tried again later, until it works", async () => {
    using folder = tempFolder();
    using random = spyOn(Math, "random");
    random.mockReturnValue(0.05);
    const channel: FakeChannel = new FakeChannel(() => {
      if (channel.tried.length <= 3) throw new Error("the pigeon is tired");
      return "p9";
    });
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    await walk.say("hello", inChat);
    await until("the second failure", async () => (await waiting(walk))[0]?.attempts === 2);
    expect((await waiting(walk))[0]).toMatchObject({ problem: "the pigeon is tired" });
    expect(await recorded(walk, 1)).toMatchObject([{ messageId: "p9", text: "echo hello" }]);
    const waits = walk.logged.flatMap((line) => ("waitMs" in line ? [line["waitMs"]] : []));
    expect(waits).toEqual([25, 50, 100]); // twice as long each time
    expect(channel.tried).toHaveLength(4);
  });

  test("keeps back what comes after it in that chat, and nothing in others", async () => {
    using folder = tempFolder();
    let isTired = true;
    const channel = new FakeChannel(({ to }) => {
      if (to.chat === "c1" && isTired) throw new Error("the pigeon is tired");
      return "p";
    });
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    for (const text of ["one", "two", "three"]) await walk.say(text, inChat);
    await walk.say("else", { ...inOtherChat, id: "e" });
    await until("the other chat's", () => channel.texts.includes("echo else"));
    await until("all answers", async () => (await walk.endings(key)).length === 3);
    expect(new Set(channel.tried)).toEqual(new Set(["echo one", "echo else"]));
    isTired = false;
    await recorded(walk, 3);
    expect(channel.texts).toEqual(["echo else", "echo one", "echo two", "echo three"]);
  });

  test("survives a restart, with its order, and is tried again when its time comes though nobody says anything", async () => {
    using folder = tempFolder();
    {
      const tired = new FakeChannel(() => Promise.reject(new Error("the pigeon is tired")));
      await using walk = new Walk({ folder: folder.path, channels: [tired] });
      for (const text of ["one", "two"]) await walk.say(text, inChat);
      await until("both in the outbox", async () => (await walk.endings(key)).length === 2);
      await until("a failure", async () => ((await waiting(walk))[0]?.attempts ?? 0) > 0);
    }
    await inStorage(folder.path, async (storage) => {
      const [row] = await storage.outbox({ limit: 1 });
      if (!row) throw new Error("nothing waits");
      const { id, claim } = row;
      await storage.releaseOutbox("walk");
      const next = { claim, attempts: 3, nextAt: Date.now() + 300, problem: "tired", mayBeSent: false };
      expect(await storage.postponeOutbox(id, next)).toBe(true);
    });
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    await walk.recovered();
    expect(channel.tried).toEqual([]);
    await recorded(walk, 2);
    expect(channel.texts).toEqual(["echo one", "echo two"]);
  });

  test("is not counted when the gateway stops amid it, and goes out after the start", async () => {
    using folder = tempFolder();
    const never = Promise.withResolvers<string>();
    {
      const deaf = new FakeChannel(() => never.promise); // does not even listen to its signal
      await using walk = new Walk({ folder: folder.path, channels: [deaf] });
      await walk.say("hello", inChat);
      await until("the try", () => deaf.tried.length === 1);
    }
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    expect(await waiting(walk)).toMatchObject([{ attempts: 0 }]);
    await walk.recovered();
    await recorded(walk, 1);
    expect(channel.texts).toEqual(["echo hello"]);
  });

  test("does not wait for a time that the clock went back from", async () => {
    using folder = tempFolder();
    let ahead = 24 * 3_600_000;
    const clock = { ...systemClock, now: () => Date.now() + ahead };
    let failures = 1;
    const channel = new FakeChannel(() => {
      if (failures-- > 0) throw new Error("down");
      return "p";
    });
    await using walk = new Walk({ folder: folder.path, channels: [channel], clock });
    await walk.say("one", inChat);
    await until("a failure", async () => ((await waiting(walk))[0]?.attempts ?? 0) > 0);
    ahead = 0;
    await walk.say("two", inChat);
    await recorded(walk, 2);
    expect(channel.texts).toEqual(["echo one", "echo two"]);
  });

  test("for a day is given up, the log says so, and what comes after it goes out", async () => {
    using folder = tempFolder();
    let ahead = 0;
    const clock = { ...systemClock, now: () => Date.now() + ahead };
    const channel = new FakeChannel(({ text }) => {
      if (text === "echo one") throw new Error("no such chat");
      return "p";
    });
    await using walk = new Walk({ folder: folder.path, channels: [channel], clock });
    await walk.say("one", inChat);
    await until("a failure", async () => ((await waiting(walk))[0]?.attempts ?? 0) > 0);
    ahead = 25 * 3_600_000;
    await walk.say("two", inChat);
    await recorded(walk, 1);
    expect(channel.texts).toEqual(["echo two"]);
    expect(await walk.log(key)).toContainEqual({
      kind: "StateChanged",
      key: "delivery.failed",
      value: {
        outboxId: expect.any(String),
        runId: "m1",
        to: from,
        attempts: expect.any(Number),
        problem: "no such chat",
      },
    });
    expect(await waiting(walk)).toEqual([]);
  });
});

test("a slow chat does not hold up the others, and sixty-four deliveries go on at once, not more", async () => {
  using folder = tempFolder();
  const gate = Promise.withResolvers<void>();
  let most = 0;
  let now = 0;
  const channel = new FakeChannel(async ({ to }) => {
    if (to.chat === "quick") return "q";
    most = Math.max(most, ++now);
    await gate.promise;
    now--;
    return "p";
  });
  await using walk = new Walk({ folder: folder.path, channels: [channel], limits: { waiting: 1_000 } });
  const slow = Array.from({ length: 63 }, (_, i) => `slow${i}`);
  const more = Array.from({ length: 300 }, (_, i) => `more${i}`);
  const chats = [...slow, "quick", ...more];
  await Promise.all(chats.map((chat) => walk.say("x", at(chat))));
  await until("the quick one", () => channel.got.length === 1);
  await until("the others", () => now === 64);
  gate.resolve();
  await until("all", () => channel.got.length >= chats.length);
  expect(most).toBe(64);
  await until("an empty outbox", async () => (await waiting(walk)).length === 0);
  expect(channel.got.map(({ to }) => to.chat).toSorted()).toEqual(chats.toSorted());
});

test("what was sent is not sent again because the storage refuses its record", async () => {
  using folder = tempFolder();
  using random = spyOn(Math, "random");
  random.mockReturnValue(0.02);
  const channel = new FakeChannel();
  let refusals = 3;
  await using walk = new Walk({
    folder: folder.path,
    channels: [channel],
    between: (storage) =>
      over(storage, {
        append: async (append) => {
          if (!append.settles || refusals === 0) return storage.append(append);
          refusals--;
          throw fault.storageUnavailable({ problem: "the disk is full" });
        },
      }),
  });
  await walk.say("hello", inChat);
  await recorded(walk, 1);
  expect({ refusals, tried: channel.tried }).toEqual({ refusals: 0, tried: ["echo hello"] });
});

test("a delivery under way does not bring a deleted session back", async () => {
  using folder = tempFolder();
  const gate = Promise.withResolvers<void>();
  const channel = new FakeChannel(async () => {
    await gate.promise;
    return "p";
  });
  await using walk = new Walk({ folder: folder.path, channels: [channel] });
  await walk.say("hello", inChat);
  await until("the try", () => channel.tried.length === 1);
  expect(await walk.gateway.deleteSession(key)).toBe(true);
  gate.resolve();
  await until("its end", () => walk.logged.some((line) => String(line["message"]).includes("session was deleted")));
  expect(await walk.sessions.state(key)).toBeUndefined();
  expect(await walk.storage.sessions({ limit: 10 })).toEqual([]);
});

describe("a message of its own", () => {
  test("is sent, recorded in the session of its address, and answered with the platform's id", async () => {
    using folder = tempFolder();
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [webchat, channel] });
    expect(await walk.gateway.send(from, "good day")).toEqual({ messageId: "p1" });
    expect(await walk.log(key)).toMatchObject([
      { kind: "SessionStarted", channel: "pigeon", peerId: "c1" },
      { kind: "MessageSent", messageId: "p1", to: from, text: "good day" },
    ]);
  });

  test("over the web stands in that chat's session", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    const to = { channel: "webchat", chat: "agent:main:main" };
    const { messageId } = await walk.gateway.send(to, "good day");
    expect(messageId).toBeString();
    expect((await walk.log()).at(-1)).toEqual({ kind: "MessageSent", messageId, to, text: "good day" });
  });

  test("to a channel that is not there is refused, and names those that are", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, channels: [webchat, new FakeChannel()] });
    await expect(walk.gateway.send({ channel: "owl", chat: "c" }, "x")).rejects.toMatchObject({
      code: "channelNotFound",
      message: "There is no channel “owl”; the channels are: webchat, pigeon.",
    });
  });

  test("that the platform refuses fails once, and leaves nothing", async () => {
    using folder = tempFolder();
    const channel = new FakeChannel(() => ({ refused: "forNow", problem: "the pigeon is tired" }));
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    await expect(walk.gateway.send(from, "x")).rejects.toMatchObject({
      code: "deliveryFailed",
      message: "The message was not delivered: the pigeon is tired.",
    });
    expect(channel.tried).toEqual(["x"]);
    expect(await waiting(walk)).toEqual([]);
    expect(await walk.sessions.state(key)).toBeUndefined();
  });

  test("that people have is not called a failure because it could not be recorded; on the web the record is the message", async () => {
    using folder = tempFolder();
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [webchat, channel] });
    walk.freeze();
    expect(await walk.gateway.send(from, "x")).toEqual({ messageId: "p1" });
    expect(walk.logged).toContainEqual(expect.objectContaining({ level: "error", messageId: "p1" }));
    const toWeb = walk.gateway.send({ channel: "webchat", chat: "agent:main:main" }, "x");
    await expect(toWeb).rejects.toMatchObject({ code: "storageUnavailable" });
  });
});

/** The storage between two lives of the gateway. */
async function inStorage(folder: string, look: (storage: Storage) => Promise<void>): Promise<void> {
  await using storage = openSqliteFile(join(folder, "openclaw.db"));
  await look(storage);
}

/** The first rows of each chat, whether their time has come or not. */
function waiting(walk: Walk) {
  return walk.storage.dueOutbox({ now: Number.MAX_SAFE_INTEGER, limit: 100 });
}

/** What the log says was sent in the chat, as soon as it is so much. */
function recorded(walk: Walk, count: number) {
  return until(`${count} records`, async () => {
    const sent = (await walk.log(key)).filter((event) => event.kind === "MessageSent");
    return sent.length >= count && sent;
  });
}

function at(chat: string): Partial<InboundMessage> {
  return {
    id: `id-${chat}`,
    sessionKey: `agent:main:pigeon:default:direct:${chat}`,
    from: { channel: "pigeon", chat },
  };
}

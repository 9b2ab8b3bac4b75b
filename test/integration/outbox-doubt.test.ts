import { afterEach, beforeEach, describe, expect, mock, spyOn, test } from "bun:test";
import type { Storage } from "#storage";
import { PigeonPost, type Mood } from "../support/pigeon-post.ts";
import { dice } from "../support/dice.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { over, Walk } from "../support/walk.ts";

const key = "agent:main:pigeon:default:direct:c1";
const inChat = { sessionKey: key, from: { channel: "pigeon", chat: "c1" } };

/** The random part of a wait is small. */
beforeEach(() => void spyOn(Math, "random").mockReturnValue(0.01));
afterEach(() => mock.restore());

describe("a message whose try was not heard of", () => {
  test("is not sent again when the platform has it: the answer was lost", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    post.moods.push("takesInSilence");
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
    await walk.say("hello", inChat);
    await until("the record", async () => (await sent(walk)).length === 1);
    expect(await sent(walk)).toMatchObject([{ messageId: "p1", text: "echo hello" }]);
    expect(post.texts("c1")).toEqual(["echo hello"]);
    expect(await uncertain(walk)).toEqual([]);
  });

  test("is sent again when the platform does not have it", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    post.moods.push("breaks", "breaks");
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
    await walk.say("hello", inChat);
    await until("the record", async () => (await sent(walk)).length === 1);
    expect({ shown: post.texts("c1"), requests: post.requests }).toEqual({ shown: ["echo hello"], requests: 3 });
    expect(await uncertain(walk)).toEqual([]);
  });

  test("is sent again where the platform cannot tell, and the log says that it may be there twice", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    post.moods.push("takesInSilence", "isBusy");
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: false })] });
    await walk.say("hello", inChat);
    await until("the record", async () => (await sent(walk)).length === 1);
    expect(post.texts("c1")).toEqual(["echo hello", "echo hello"]);
    expect(await uncertain(walk)).toMatchObject([{ runId: "m1", attempts: 3 }]);
  });

  test("is not recorded as sent by an empty id", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    post.moods.push("forgetsTheId");
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
    await walk.say("hello", inChat);
    await until("the record", async () => (await sent(walk)).length === 1);
    expect(await sent(walk)).toMatchObject([{ messageId: "p1" }]);
    expect(post.shown).toHaveLength(1);
  });

  test("because the gateway died between the platform's answer and the record is found by the next life", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    {
      await using walk = new Walk({
        folder: folder.path,
        channels: [post.channel({ canTell: true })],
        between: (storage) =>
          over(storage, {
            append: async (append) => {
              if (append.settles) walk.freeze();
              return append.settles ? Promise.reject(new Error("died")) : storage.append(append);
            },
          }),
      });
      await walk.say("hello", inChat);
      await until("the send", () => post.shown.length === 1);
    }
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
    await walk.recovered();
    await until("the record", async () => (await sent(walk)).length === 1);
    expect(post.texts("c1")).toEqual(["echo hello"]);
    expect(await sent(walk)).toMatchObject([{ runId: "m1", messageId: "p1" }]);
  });

  test("is counted also when the gateway died in it: the log names no fewer tries than there may be copies", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    for (let life = 0; life < 2; life++) {
      await using walk = new Walk({
        folder: folder.path,
        channels: [post.channel({ canTell: false })],
        between: (storage) =>
          over(storage, {
            append: async (append) => {
              if (append.settles) walk.freeze();
              return append.settles ? Promise.reject(new Error("died")) : storage.append(append);
            },
          }),
      });
      if (life === 0) await walk.say("hello", inChat);
      else await walk.recovered();
      await until("the send", () => post.shown.length === life + 1);
    }
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: false })] });
    await walk.recovered();
    await until("the record", async () => (await sent(walk)).length === 1);
    expect(post.texts("c1")).toEqual(["echo hello", "echo hello", "echo hello"]);
    expect(await uncertain(walk)).toMatchObject([{ runId: "m1", attempts: 3 }]);
  });

  test("of a person's own is told as unknown where the platform cannot tell, and settled where it can", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    const to = { channel: "pigeon", chat: "c1" };
    post.moods.push("takesInSilence");
    {
      await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: false })] });
      await expect(walk.gateway.send(to, "x")).rejects.toMatchObject({ code: "outcomeUnknown" });
    }
    await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
    post.moods.push("takesInSilence");
    expect(await walk.gateway.send(to, "y")).toEqual({ messageId: "p2" });
    post.moods.push("breaks");
    await expect(walk.gateway.send(to, "z")).rejects.toMatchObject({ code: "deliveryFailed" });
    expect(post.texts("c1")).toEqual(["x", "y"]);
  });
});

test("a busy platform is left alone for as long as it asks", async () => {
  using folder = tempFolder();
  using post = new PigeonPost();
  post.moods.push("isBusy");
  post.retryAfterMs = 250;
  await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
  await walk.say("hello", inChat);
  await until("the record", async () => (await sent(walk)).length === 1);
  const waits = walk.logged.flatMap((line) => ("waitMs" in line ? [Number(line["waitMs"])] : []));
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThanOrEqual(250);
});

test("a message is not sent under a claim that could end before its try does: it is claimed again", async () => {
  using folder = tempFolder();
  using post = new PigeonPost();
  let elapsed = 0;
  let claims = 0;
  const between = (storage: Storage) =>
    over(storage, {
      claimOutbox: async (...asked: Parameters<Storage["claimOutbox"]>) => {
        const claim = await storage.claimOutbox(...asked);
        claims += 1;
        if (claims === 1) elapsed += 121_000; // of the five minutes that it holds, a try may take three
        shownAtClaims.push(post.shown.length);
        return claim;
      },
    });
  const shownAtClaims: number[] = [];
  const clock = { now: () => Date.now(), elapsed: () => elapsed };
  await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: false })], clock, between });
  await walk.say("hello", inChat);
  await until("the record", async () => (await sent(walk)).length === 1);
  expect(shownAtClaims).toEqual([0, 0]);
  expect(post.texts("c1")).toEqual(["echo hello"]);
  const doubts = (await walk.log(inChat.sessionKey)).filter(({ kind }) => kind === "StateChanged");
  expect(doubts).toEqual([]); // nothing had been sent, so nothing may be there twice
});

describe("two gateways on one storage", () => {
  test("send a message once; who was overtaken cannot record, and what the other did stays", async () => {
    using folder = tempFolder();
    using post = new PigeonPost();
    const gate = Promise.withResolvers<void>();
    const channel = post.channel({ canTell: true });
    const slow = {
      ...channel,
      connection: {
        ...channel.connection,
        send: async (...message: Parameters<typeof channel.connection.send>) => {
          const answer = await channel.connection.send(...message);
          await gate.promise;
          return answer;
        },
      },
    };
    const clock = { now: () => Date.now(), elapsed: () => performance.now() };
    const later = { ...clock, now: () => Date.now() + 600_000 };
    await using first = new Walk({ folder: folder.path, channels: [slow], clock, instanceId: "first" });
    await first.say("hello", inChat);
    await until("the send", () => post.shown.length === 1);

    await using second = new Walk({ folder: folder.path, channels: [channel], clock, instanceId: "second" });
    await second.gateway.recover();
    expect(await second.storage.dueOutbox({ now: Date.now(), limit: 9 })).toEqual([]); // the first one holds it

    await using third = new Walk({ folder: folder.path, channels: [channel], clock: later, instanceId: "third" });
    await third.gateway.recover();
    await until("the record of the third", async () => (await sent(third)).length === 1);
    gate.resolve();
    await until("the end of the first", () =>
      first.logged.some(({ message }) => String(message).includes("was taken over")),
    );
    expect(post.texts("c1")).toEqual(["echo hello"]);
    expect(await sent(third)).toHaveLength(1);
  });
});

test("whatever the platform does, every answer is shown once and in the order of its chat, or is kept as undeliverable", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const below = dice(seed);
  const moods: readonly Mood[] = [
    "takes",
    "takes",
    "takesInSilence",
    "breaks",
    "isBusy",
    "forgetsTheId",
    "refusesForGood",
  ];
  using folder = tempFolder();
  using post = new PigeonPost();
  post.retryAfterMs = 1;
  for (let i = 0; i < 60; i++) post.moods.push(moods[below(moods.length)] ?? "takes");
  try {
    const chats = ["c1", "c2", "c3"];
    for (let life = 0; life < 4; life++) {
      await using walk = new Walk({ folder: folder.path, channels: [post.channel({ canTell: true })] });
      await walk.recovered();
      for (let i = 0; i < 6; i++) {
        const chat = chats[below(3)] ?? "c1";
        await walk.say(`${life}.${i}`, { id: `${life}.${i}`, ...at(chat) });
      }
      if (life === 3)
        await until(
          "an empty queue",
          async () =>
            (await walk.storage.outbox({ limit: 1, isDead: false })).length === 0 &&
            (await walk.storage.openRuns()).length === 0,
        );
      else await until("some work", () => post.requests > 4 * (life + 1));
    }
    await using walk = new Walk({ folder: folder.path, channels: [] });
    const dead = await walk.storage.outbox({ limit: 100, isDead: true });
    for (const chat of chats) {
      const log = await walk.log(at(chat).sessionKey);
      const answers = log.flatMap((event) => (event.kind === "AgentResponse" ? [event.text] : []));
      const lost = dead.filter(({ to }) => to.chat === chat).map(({ text }) => text);
      expect(post.texts(chat)).toEqual(answers.filter((text) => !lost.includes(text)));
    }
  } catch (error) {
    throw new Error(`SEED=${seed}`, { cause: error });
  }
}, 30_000);

function at(chat: string) {
  return { sessionKey: `agent:main:pigeon:default:direct:${chat}`, from: { channel: "pigeon", chat } };
}

async function sent(walk: Walk) {
  return (await walk.log(key)).filter((event) => event.kind === "MessageSent");
}

async function uncertain(walk: Walk): Promise<unknown[]> {
  const events = await walk.log(key);
  return events.flatMap((event) =>
    event.kind === "StateChanged" && event.key === "delivery.uncertain" ? [event.value] : [],
  );
}

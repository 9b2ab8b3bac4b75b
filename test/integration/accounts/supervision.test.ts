import { describe, expect, test } from "bun:test";
import type { Update } from "#channels";
import { AccountHouse } from "../../support/account-house.ts";
import { Parrots } from "../../support/parrots.ts";
import { until } from "../../support/until.ts";

const two = `[channels.parrot]
bot_token = "canary-one"
[channels.parrot.accounts.work]
bot_token = "canary-two"`;

describe("an account that breaks", () => {
  test("REL-27: one that throws again and again is tried ever more slowly, and the other never notices", async () => {
    const parrots = new Parrots((account) => (account === "work" ? "throws" : "opens"));
    await using house = await AccountHouse.open(parrots, two);
    const line = await parrots.open();
    await until("ten tries", () => parrots.triesOf("work") >= 10);
    await line.hear("hello");
    expect(house.texts).toEqual(["hello"]);
    expect(parrots.triesOf("default")).toBe(1);
    await until("the tenth failure", () => (house.view("work")?.failures ?? 0) >= 10);
    expect(house.view("work")).toMatchObject({ state: "offline", isRunning: true, problem: "no perch for [secret]" });
    const waits = house.logged.filter(({ message }) => message === "an account is opened again");
    expect(waits.slice(0, 9).every(({ waitMs }) => Number(waitMs) <= 256)).toBe(true);
    expect(Number(waits[9]?.["waitMs"])).toBeGreaterThanOrEqual(45_000);
    expect(JSON.stringify(house.logged)).not.toContain("canary");
  });

  test("one that is offline and does not mend itself is closed and opened anew", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const first = await parrots.open();
    expect(house.view()).toMatchObject({ state: "online", failures: 0 });
    first.go("offline", "kicked out");
    await until("a second line", () => parrots.triesOf("default") === 2);
    const second = await parrots.open();
    expect(second).not.toBe(first);
    expect(first.isClosed).toBe(true);
    await until("it to be online", () => house.view()?.state === "online");
    expect(house.view()?.problem).toBeUndefined();
    expect(parrots.triesOf("work")).toBe(1);
  });

  test("one that mends itself in time stays", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const [line, other] = [await parrots.open(), await parrots.open("work")];
    line.go("offline", "no network");
    expect(house.view()).toMatchObject({ state: "offline", problem: "no network" });
    line.go("degraded", "slow");
    line.go("online");
    // The other one breaks later, and for good: when it is opened anew, the first would have been, too.
    other.go("offline");
    await until("the other to be opened anew", () => parrots.triesOf("work") === 2);
    expect(house.view()).toMatchObject({ state: "online" });
    expect([parrots.triesOf("default"), line.isClosed]).toEqual([1, false]);
  });

  test("REL-27: one that never finishes to open is given up, and what opens late is closed", async () => {
    const parrots = new Parrots((_account, nth) => (nth === 1 ? "hangs" : "opens"));
    await using house = await AccountHouse.open(parrots, `channels.parrot.bot_token = "a"`, { openMs: 30 });
    await until("the second try", () => house.view()?.state === "online");
    parrots.late.resolve();
    const late = await until("the late one", () => parrots.lines[1]);
    await until("the late one to be closed", () => late.isClosed);
    expect(parrots.lines[0]?.isClosed).toBe(false);
  });
});

describe("what comes in", () => {
  test("is taken chat by chat in its order, chats beside each other, and no more than a few at once", async () => {
    const parrots = new Parrots();
    const held = Promise.withResolvers<void>();
    const begun: string[] = [];
    const state = { now: 0, most: 0 };
    await using house = await AccountHouse.open(parrots, two);
    house.take = async (update: Update) => {
      begun.push(`${update.from.chat} ${update.type === "message" ? update.text : ""}`);
      state.most = Math.max(state.most, ++state.now);
      await held.promise;
      state.now--;
    };
    const line = await parrots.open();
    const heard = Array.from({ length: 60 }, (_, at) => line.hear(`${Math.floor(at / 20)}`, `c${at % 20}`));
    await until("as many as may", () => begun.length === 8);
    expect(begun.every((one) => one.endsWith(" 0"))).toBe(true);
    held.resolve();
    await Promise.all(heard);
    expect(state.most).toBe(8);
    for (let chat = 0; chat < 20; chat++) {
      expect(begun.filter((one) => one.startsWith(`c${chat} `))).toEqual([0, 1, 2].map((n) => `c${chat} ${n}`));
    }
  });

  test("of one chat is never taken twice at once, though there is room", async () => {
    const parrots = new Parrots();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const begun: string[] = [];
    await using house = await AccountHouse.open(parrots, two);
    house.take = async (update) => {
      begun.push(update.from.chat);
      if (update.from.chat === "slow") await gates[begun.filter((chat) => chat === "slow").length - 1]?.promise;
    };
    const line = await parrots.open();
    const slow = [line.hear("1", "slow"), line.hear("2", "slow")];
    for (let n = 0; n < 5; n++) await line.hear(`${n}`, "quick");
    expect(begun.filter((chat) => chat === "slow")).toHaveLength(1);
    for (const gate of gates) gate.resolve();
    await Promise.all(slow);
    expect(begun.filter((chat) => chat === "slow")).toHaveLength(2);
  });

  test("is refused when too much waits, so that the platform brings it again; and when it cannot be taken", async () => {
    const parrots = new Parrots();
    const held = Promise.withResolvers<void>();
    await using house = await AccountHouse.open(parrots, two);
    house.take = () => held.promise;
    const line = await parrots.open();
    const heard = Array.from({ length: 256 }, (_, at) => line.hear("x", `c${at}`));
    await expect(line.hear("one too many")).rejects.toMatchObject({ code: "queueFull" });
    held.resolve();
    await Promise.all(heard);
    house.take = () => Promise.reject(new Error("the disk is full"));
    await expect(line.hear("x")).rejects.toThrow("the disk is full");
    house.take = async () => {};
    await line.hear("x");
  });

  test("is never taken by an account that is closed", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const line = await parrots.open();
    await house.accounts.stop({ channel: "parrot", account: "default" });
    await expect(line.hear("too late")).rejects.toMatchObject({ code: "shuttingDown" });
    expect(house.texts).toEqual([]);
  });
});

describe("one account by itself", () => {
  test("is stopped, started and opened anew, and only it", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const first = await parrots.open("work");
    const here = { channel: "parrot", account: "work" };
    expect(await house.accounts.stop(here)).toMatchObject([{ account: "work", isRunning: false, state: "offline" }]);
    expect(first.isClosed).toBe(true);
    expect(house.accounts.find(here)).toBeUndefined();
    await house.accounts.start(here);
    const second = await parrots.open("work");
    await house.accounts.start(here);
    await house.accounts.restart(here);
    const third = await parrots.open("work");
    expect(new Set([first, second, third]).size).toBe(3);
    expect([parrots.triesOf("work"), parrots.triesOf("default")]).toEqual([3, 1]);
  });

  test("is not started where the settings say no, and one that they do not name is not found", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(
      parrots,
      `[channels.parrot]\nbot_token = "a"\nenabled = false\naccounts.work.dm_policy = "open"`,
    );
    const start = (account: string) => house.accounts.start({ channel: "parrot", account });
    await expect(start("default")).rejects.toThrow("is not enabled");
    await expect(start("work")).rejects.toThrow("channels.parrot.accounts.work.bot_token is not set");
    await expect(start("home")).rejects.toMatchObject({ code: "accountNotFound" });
    expect(parrots.tries.size).toBe(0);
  });

  test("tells what it is and does", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const line = await parrots.open();
    expect(house.view()).toMatchObject({ isEnabled: true, isConfigured: true, isRunning: true, state: "online" });
    expect(house.view()).not.toHaveProperty("lastInboundAt");
    await line.hear("hello");
    const open = house.accounts.find({ channel: "parrot" });
    const { signal } = new AbortController();
    await open?.connection.send({ to: { channel: "parrot", chat: "c" }, text: "hi", clientKey: "k" }, signal);
    expect(line.said).toEqual(["hi"]);
    expect(house.view()).toMatchObject({
      startedAt: expect.any(Number),
      connectedAt: expect.any(Number),
      lastInboundAt: expect.any(Number),
      lastOutboundAt: expect.any(Number),
    });
    const probe = (account: string) => house.accounts.probe({ channel: "parrot", account }, AbortSignal.timeout(5_000));
    expect(await probe("work")).toMatchObject({ ok: true, name: "@work", id: "7" });
    await house.accounts.stop({ channel: "parrot", account: "work" });
    expect(await probe("work")).toMatchObject({ ok: false, problem: "It is not open." });
  });
});

describe("changed settings", () => {
  test("open, close and open anew the accounts they are about, and no other", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    const [own, work] = [await parrots.open(), await parrots.open("work")];
    await house.config.set("channels.parrot.accounts.work.signing_secret", "s");
    await until("the other line", () => parrots.triesOf("work") === 2);
    expect([own.isClosed, work.isClosed]).toEqual([false, true]);
    await house.config.set("channels.parrot.accounts.home", { bot_token: "three" });
    const home = await parrots.open("home");
    await house.config.unset("channels.parrot.accounts.home");
    await until("it to be gone", () => house.view("home") === undefined);
    expect([home.isClosed, own.isClosed, parrots.triesOf("default")]).toEqual([true, false, 1]);
    await house.config.set("channels.parrot.enabled", false);
    await until("all to be closed", () => parrots.lines.every((line) => line.isClosed));
    expect(house.view()).toMatchObject({ isEnabled: false, isRunning: false, state: "offline" });
  });

  test("a second account with the same token is not opened, and says whose it is without showing it", async () => {
    const parrots = new Parrots();
    await using house = await AccountHouse.open(parrots, two);
    await parrots.open("work");
    await house.config.set("channels.parrot.accounts.work.bot_token", "canary-one");
    await until("it to be closed", () => house.view("work")?.isRunning === false);
    expect(house.view("work")).toMatchObject({
      isConfigured: false,
      problem: "channels.parrot.accounts.work.bot_token is also that of the account default",
    });
    expect(JSON.stringify([house.logged, house.accounts.views()])).not.toContain("canary");
    expect(parrots.triesOf("default")).toBe(1);
  });
});

describe("the end", () => {
  test("what is being received finishes before its account is closed", async () => {
    const parrots = new Parrots();
    const held = Promise.withResolvers<void>();
    const house = await AccountHouse.open(parrots, two);
    house.take = () => held.promise;
    const line = await parrots.open();
    const heard = line.hear("just in time");
    const closed = house[Symbol.asyncDispose]();
    await until("the other to be closed", () => parrots.line("work")?.isClosed === true);
    expect(line.isClosed).toBe(false);
    await expect(line.hear("too late")).rejects.toMatchObject({ code: "shuttingDown" });
    held.resolve();
    await heard;
    await closed;
    expect(line.isClosed).toBe(true);
  });

  test("comes within its bound, whatever an account does", async () => {
    const parrots = new Parrots((account) => (account === "work" ? "hangs" : "opens"));
    const house = await AccountHouse.open(parrots, two, { drainMs: 20, closeMs: 20 });
    house.take = () => new Promise(() => {});
    parrots.closing = () => new Promise(() => {});
    const line = await parrots.open();
    void line.hear("for ever");
    await house[Symbol.asyncDispose]();
    expect(house.logged.map(({ message }) => message)).toContain("an account does not close");
  });
});

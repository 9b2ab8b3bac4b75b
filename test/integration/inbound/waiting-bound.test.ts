import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Secret, silentLog, systemClock } from "#base";
import type { Attachment } from "#channels";
import type { Storage } from "#storage";
import { openMemory } from "../../../src/storage/memory/open-memory.ts";
import { openPostgres } from "../../../src/storage/postgres/open-postgres.ts";
import { hasPostgres, sharedPostgres } from "../../support/postgres.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { entry, usualWait, WaitingHouse } from "../../support/waiting-house.ts";

setDefaultTimeout(30_000); // the test of PostgreSQL starts a server

const full = expect.objectContaining({ code: "queueFull" });

describe("messages that find no turn", () => {
  test("wait in memory up to a bound and then on disk, one session with a few of them in memory, and all are told of", async () => {
    await using house = new WaitingHouse();
    const { room } = house;
    await house.putAll("loud", 0, 300);
    expect(room.load.messages).toBe(100);
    expect(room.backlog.messages).toBe(200);
    for (let n = 0; n < 90; n++) await house.putAll(`s${n}`, n * 20, n * 20 + 20);
    expect(room.load.messages).toBeGreaterThan(800);
    expect(room.load.messages).toBeLessThanOrEqual(1_000);
    expect(room.load.messages + room.backlog.messages).toBe(300 + 1_800);
    expect(await room.has(entry("loud", 299))).toBe(true);
    expect(await room.has(entry("loud", 300))).toBe(false);
  });

  test("are sent away over the bound of the disk, with nothing half done, and its last quarter is for those that would not come again", async () => {
    await using house = new WaitingHouse({ limits: { messages: 40, bytes: 1_000_000 } });
    const { room, storage } = house;
    await house.putAll("loud", 0, 130, { mayComeLater: true });
    expect(await house.put("loud", 130, { mayComeLater: true }).catch((error: unknown) => error)).toEqual(full);
    expect(room.backlog).toEqual({ messages: 30, isFull: true });
    await house.putAll("loud", 130, 140);
    const before = await house.records();
    for (let again = 0; again < 3; again++) {
      expect(await house.put("loud", 140).catch((error: unknown) => error)).toEqual(full);
    }
    expect(await room.has(entry("loud", 140))).toBe(false);
    expect(() => room.checkRoom("loud", false)).toThrow("Too many messages wait");
    room.checkRoom("other", true); // memory has places for others
    const asides = [{ ...entry("loud", 141), group: "g", runId: "r", arrivedAt: 0, n: 0 }];
    const letGo = { kind: "inbound-aside", id: "a", data: undefined };
    await storage.writeRecords([{ ...letGo, data: "{}" }]);
    expect(await room.takeBack(asides, letGo).catch((error: unknown) => error)).toEqual(full);
    expect(await storage.record("inbound-aside", "a")).toBeDefined();
    expect(await house.records()).toEqual(before);
    expect(house.logged.filter((line) => line.includes("more are not taken"))).toHaveLength(1);
    await house.letGo();
    await until("all", () => house.told.length === 140);
    await house.put("loud", 140);
    await until("the one that came again", () => house.told.length === 141);
  });

  test("are sent away also when few of them are too large", async () => {
    await using house = new WaitingHouse({ limits: { messages: 1_000, bytes: 50_000 } });
    await house.putAll("loud", 0, 100);
    const long = { ...entry("loud", 100), text: "x".repeat(51_000) };
    await house.room.put(long, usualWait);
    expect(await house.put("loud", 101).catch((error: unknown) => error)).toEqual(full);
  });

  test("come in their order, each session at its turn: those with hundreds keep nobody waiting", async () => {
    await using house = new WaitingHouse();
    const loud = Array.from({ length: 5 }, (_, n) => `loud${n}`);
    for (const sessionKey of loud) await house.putAll(sessionKey, 0, 500);
    for (let n = 0; n < 34; n++) await house.putAll(`fill${n}`, 0, 12);
    await Promise.all(Array.from({ length: 300 }, (_, n) => house.put(`single${n}`, 0)));
    expect(house.room.backlog.messages).toBe(5 * 400 + 300 + 8);
    await house.letGo();
    await until("all", () => house.told.length === 2_500 + 34 * 12 + 300);
    expect(house.told.findLastIndex((text) => text.startsWith("single"))).toBeLessThan(1_900);
    for (const sessionKey of loud) {
      expect(house.toldOf(sessionKey)).toEqual(Array.from({ length: 500 }, (_, n) => `${sessionKey}-${n}`));
    }
    await until("nothing to wait", () => house.room.load.messages === 0);
    expect(await house.records()).toEqual([]);
  });

  test("go on in their order after a restart, the larger part of them from disk, and what comes then is behind them", async () => {
    using folder = tempFolder();
    {
      await using house = new WaitingHouse({ path: folder.path });
      await house.putAll("loud", 0, 1_100);
    }
    await using house = new WaitingHouse({ path: folder.path });
    await house.room.open();
    expect(house.room.load.messages).toBeLessThanOrEqual(124);
    await house.putAll("loud", 1_100, 1_120);
    await house.letGo();
    await until("all", () => house.told.length === 1_120);
    expect(house.told).toEqual(Array.from({ length: 1_120 }, (_, n) => `loud-${n}`));
  });

  test("go on in the order of their arrival after a restart also when the clock was set back meanwhile", async () => {
    using folder = tempFolder();
    const times = [2_000, 1_000, 3_000];
    const clock = { ...systemClock, now: () => times.shift() ?? 3_000 };
    {
      await using house = new WaitingHouse({ path: folder.path, clock });
      for (let n = 0; n < 3; n++) await house.put("loud", n);
    }
    await using house = new WaitingHouse({ path: folder.path });
    await house.room.open();
    await house.letGo();
    await until("all", () => house.told.length === 3);
    expect(house.told).toEqual(["loud-0", "loud-1", "loud-2"]);
  });

  test("are known when they come again while they wait on disk alone, and are told once", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 150);
    expect(await Promise.all([0, 99, 100, 149, 150].map((n) => house.room.has(entry("loud", n))))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test("are joined on disk as they would be in memory: an album is one turn, and what comes after it another", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 100);
    for (let n = 100; n < 114; n++) await house.put("loud", n, { joinKey: "album", quietMs: 300 });
    for (let n = 114; n < 184; n++) {
      await house.put("loud", n, { joinKey: `album ${Math.floor((n - 114) / 7)}`, quietMs: 300 });
    }
    await house.put("loud", 184, { joinKey: "other" });
    await house.letGo();
    await until("all", () => house.told.length === 113);
    const sevens = Array.from({ length: 10 }, () => 7);
    expect(house.told.slice(100).map((text) => text.split("\n").length)).toEqual([12, 2, ...sevens, 1]);
  });

  test("are waited for on disk too, as long as more may join them, unless somebody is in a hurry", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 100);
    await house.put("loud", 100, { joinKey: "ann", quietMs: 600_000 });
    await house.letGo();
    await until("those before", () => house.told.length === 100);
    await house.put("loud", 101, { joinKey: "ann", quietMs: 600_000 });
    expect(house.room.load.messages).toBe(0);
    house.room.hurry("loud");
    await until("the rest", () => house.told.length === 101);
    expect(house.told.at(-1)).toBe("loud-100\nloud-101");
  });

  test("are edited on disk, each part of them, and those of another chat are not", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 100);
    const second = { ...entry("loud", 100), head: "[Ann] ", text: "[Ann] helo" };
    await house.room.put(second, usualWait);
    await house.putAll("loud", 101, 102);
    const { from } = second;
    expect(await house.room.edit({ ...from, chat: "other" }, "m100", "no")).toBe(false);
    expect(await house.room.edit(from, "m1000", "no")).toBe(false);
    expect(await house.room.edit(from, "m100", "hello")).toBe(true);
    await house.letGo();
    await until("all", () => house.told.length === 102);
    expect(house.told.slice(100)).toEqual(["[Ann] hello", "loud-101"]);
  });

  test("have their files read while they wait on disk alone, and are not told without them", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 100);
    const arrives = Promise.withResolvers<Uint8Array>();
    const file: Attachment = { id: "f", kind: "file", name: "a.txt", fetch: () => arrives.promise };
    await house.room.put({ ...entry("loud", 100), files: ["[not read]"] }, { ...usualWait, attachments: [file] });
    await house.putAll("loud", 101, 102);
    await house.letGo();
    await until("those before", () => house.told.length === 100);
    await house.room.edit(entry("loud", 100).from, "m100", "look");
    expect(house.room.load.messages).toBe(0);
    arrives.resolve(new TextEncoder().encode("hello"));
    await until("all", () => house.told.length === 102);
    expect(house.told[100]).toStartWith("look\n[attached: file a.txt; ");
    expect(house.files).toMatchObject([[{ mimeType: "text/plain", bytes: 5, name: "a.txt" }]]);
    expect(house.told[101]).toBe("loud-101");
  });

  test("that must come after one that lies on disk alone stay there, and leave it the places that it needs", async () => {
    await using house = new WaitingHouse();
    await house.putAll("first", 0, 100);
    await house.putAll("second", 0, 100);
    const arrives = Promise.withResolvers<Uint8Array>();
    const file: Attachment = { id: "f", kind: "file", name: "a.txt", fetch: () => arrives.promise };
    await house.room.put(entry("first", 100), { ...usualWait, attachments: [file] });
    await house.room.put({ ...entry("second", 100), after: "first-100" }, usualWait);
    await house.letGo();
    await until("those before", () => house.told.length === 200 && house.room.load.messages === 0);
    await house.put("second", 101);
    expect(house.room.load.messages).toBe(0);
    arrives.resolve(new TextEncoder().encode("hello"));
    await until("all", () => house.told.length === 203);
    expect(house.toldOf("second").slice(100)).toEqual(["second-100", "second-101"]);
    expect(house.told.findIndex((text) => text.startsWith("first-100"))).toBeLessThan(house.told.indexOf("second-100"));
  });

  test("that were put aside come back behind those that wait on disk", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 150);
    const asides = [900, 901].map((n) => ({ ...entry("loud", n), group: "loud-900", runId: "r", arrivedAt: 0, n: 0 }));
    const letGo = { kind: "inbound-aside", id: "a", data: undefined, expected: 1 };
    expect(await house.room.takeBack(asides, letGo)).toBe(false);
    expect(house.room.backlog.messages).toBe(50);
    await house.storage.writeRecords([{ ...letGo, data: "{}", expected: 0 }]);
    expect(await house.room.takeBack(asides, letGo)).toBe(true);
    await house.letGo();
    await until("all", () => house.told.length === 151);
    expect(house.told.at(-1)).toBe("loud-900\nloud-901");
  });

  test("that the disk does not take are not taken, and not counted", async () => {
    await using house = new WaitingHouse();
    await house.putAll("loud", 0, 120);
    await house.storage[Symbol.asyncDispose]();
    expect(await house.put("loud", 120).catch((error: unknown) => error)).toMatchObject({ code: "storageUnavailable" });
    expect(house.room.backlog.messages).toBe(20);
  });
});

const others: readonly (readonly [name: string, open: () => Promise<Storage>])[] = [
  ["memory", async () => openMemory({ clock: systemClock })],
  [
    "postgres",
    async () => {
      const url = new Secret(await (await sharedPostgres()).newDatabase());
      return openPostgres({ url, place: "postgres", log: silentLog, clock: systemClock });
    },
  ],
];

test.each(others.filter(([name]) => name !== "postgres" || hasPostgres()))(
  "more messages than memory has places for wait in %s, and come in their order",
  async (_name, open) => {
    await using house = new WaitingHouse({ storage: await open() });
    await house.putAll("loud", 0, 200);
    await house.putAll("quiet", 1_000, 1_120);
    expect(house.room.backlog.messages).toBe(120);
    expect(await house.room.edit(entry("quiet", 1_110).from, "m1110", "quiet-1110 edited")).toBe(true);
    expect(await house.room.has(entry("loud", 199))).toBe(true);
    await house.letGo();
    await until("all", () => house.told.length === 320);
    expect(house.toldOf("loud")).toEqual(Array.from({ length: 200 }, (_, n) => `loud-${n}`));
    const quiet = Array.from({ length: 120 }, (_, n) => `quiet-${n + 1_000}`);
    expect(house.toldOf("quiet")).toEqual(quiet.with(110, "quiet-1110 edited"));
    await until("nothing to wait", async () => (await house.records()).length === 0);
  },
);

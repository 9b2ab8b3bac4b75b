import {
  backoffMs,
  clip,
  createLog,
  describeError,
  Lru,
  nearest,
  newId,
  newToken,
  openLogFile,
  pause,
  sayingOf,
} from "#base";
import { expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { dice } from "../../support/dice.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("ids made later sort later, and no two are alike", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(1_000);
});

test("a token has 256 bits", () => {
  expect(newToken()).toMatch(/^[0-9a-f]{64}$/);
  expect(newToken()).not.toBe(newToken());
});

test("waits grow, stay within their bound, and are spread over all of it", () => {
  const bounds = [1, 2, 3, 4, 5].map((attempt) => backoffMs({ firstMs: 100, mostMs: 1_000 }, attempt, () => 1));
  expect(bounds).toEqual([100, 200, 400, 800, 1_000]);
  expect(backoffMs({ firstMs: 100, mostMs: 1_000 }, 3, () => 0)).toBe(0);
});

test("a pause that is cancelled says why", async () => {
  const stop = new AbortController();
  const paused = pause(60_000, stop.signal);
  stop.abort(new Error("enough"));
  expect(await paused.catch(String)).toBe("Error: enough");
  expect(await pause(60_000, AbortSignal.abort(new Error("at once"))).catch(String)).toBe("Error: at once");
});

test("what a request failed of is told without the advice that Bun gives to programmers", async () => {
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: (one) => void one.end(), data() {} } });
  const error: unknown = await fetch(`http://127.0.0.1:${server.port}/`).catch((failure: unknown) => failure);
  expect(String(error)).toContain("verbose: true");
  const closed = "The socket connection was closed unexpectedly.";
  expect(sayingOf(error)).toEndWith(closed);
  for (const told of [describeError(error), describeError(new Error("no answer", { cause: error }))]) {
    expect(told).toContain(closed);
    expect(told).not.toContain("verbose");
  }
  expect(sayingOf("no error")).toBe("It broke.");
});

test("an LRU keeps what was used last, within its budget", () => {
  const evicted: string[] = [];
  const lru = new Lru<string, string>({ budget: 10, weigh: (v) => v.length, onEvict: (key) => evicted.push(key) });
  lru.set("a", "1234");
  lru.set("b", "1234");
  lru.get("a");
  lru.set("c", "1234");
  expect(evicted).toEqual(["b"]);
  lru.set("a", "12345678");
  expect(evicted).toEqual(["b", "c"]);
  expect([lru.size, lru.weight]).toEqual([1, 8]);
  lru.set("huge", "x".repeat(11));
  expect(lru.get("huge")).toBeUndefined();
  expect(lru.weight).toBe(0);
});

test("however it is used, the order of the cache is that of use", () => {
  const roll = dice(7);
  const lru = new Lru<number, number>({ budget: 4 });
  const used: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const [what, key] = [roll(5), roll(6)];
    const at = used.indexOf(key);
    if (what === 0) lru.set(key, i);
    else if (what === 1) lru.delete(key);
    else lru.get(key);
    if (at >= 0) used.splice(at, 1);
    if (what === 0 || (what !== 1 && at >= 0)) used.push(key);
    if (used.length > 4) used.shift();
    expect([...lru.keys()]).toEqual(used);
  }
});

test.each([
  ["abc", 5, "abc"],
  ["abcdef", 3, "abc"],
  ["ab😀", 3, "ab"],
  ["ab😀", 4, "ab😀"],
])("%s clipped to %i is %s", (text, most, expected) => {
  expect(clip(text, most)).toBe(expected);
});

test("the nearest name is offered only when it is near", () => {
  expect(nearest("gatway", ["runtime", "gateway"])).toBe("gateway");
  expect(nearest("PORT", ["port"])).toBe("port");
  expect(nearest("elephant", ["runtime", "gateway"])).toBeUndefined();
});

test("a log keeps to its level, prints causes, and cuts long fields", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(line) }).with({ room: "test" });
  log.debug("not shown");
  log.warn("shown", { error: new Error("outer", { cause: new Error("inner") }), long: "x".repeat(9_000) });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", message: "shown", room: "test" });
  expect(lines[0]).toMatch(/Error: outer[^]*caused by: Error: inner/);
  expect(lines[0]?.length).toBeLessThan(8_000);
});

test("a log file rotates when it is full, and only its owner reads it", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.log");
  using file = openLogFile(path, 100);
  for (let i = 0; i < 30; i++) file.write(`line ${i} ${"x".repeat(20)}`);
  const [now, before] = await Promise.all([Bun.file(path).text(), Bun.file(`${path}.1`).text()]);
  expect(now).toContain("line 29");
  expect(now.length + before.length).toBeLessThan(300);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a full log file that cannot be renamed begins anew instead of growing or breaking", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.log");
  mkdirSync(join(`${path}.1`, "in the way"), { recursive: true });
  using file = openLogFile(path, 100);
  for (let i = 0; i < 30; i++) file.write(`line ${i} ${"x".repeat(20)}`);
  const text = await Bun.file(path).text();
  expect(text).toContain("line 29");
  expect(text.length).toBeLessThan(150);
});

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { newId, silentLog, systemClock } from "#base";
import { openSqlite } from "#storage";
import { promptMimeType } from "../../src/gateway/prompts.ts";
import { sweepDeep } from "../../src/gateway/sweep-deep.ts";
import { usualRetention } from "../../src/gateway/retention.ts";
import { Fault } from "#protocol";
import { newEvent, opening, received } from "../support/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, Walk } from "../support/walk.ts";

const never = new AbortController().signal;

function inDays(walk: Walk, days: number, limits: Partial<typeof usualRetention>) {
  const clock = { now: () => Date.now() + days * 86_400_000, elapsed: () => 0 };
  return { storage: walk.storage, clock, retention: () => ({ ...usualRetention, ...limits }) };
}

function inUse(): boolean {
  return true;
}

async function talk(walk: Walk, text: string): Promise<void> {
  const receipt = await walk.say(text);
  if (receipt.taken) await walk.ending(receipt.runId);
}

test("an ended session goes when it is too old, a living one never", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  await talk(walk, "before");
  await walk.gateway.resetSession(key);
  await talk(walk, "after");
  expect(await sweepDeep(inDays(walk, 5_000, { endedSessionsDays: 0 }), inUse, never)).toMatchObject({ sessions: 0 });
  expect(await sweepDeep(inDays(walk, 9, { endedSessionsDays: 10 }), inUse, never)).toMatchObject({ sessions: 0 });
  expect(await sweepDeep(inDays(walk, 11, { endedSessionsDays: 10 }), inUse, never)).toMatchObject({ sessions: 1 });
  expect(await walk.storage.endedSessions(key)).toEqual([]);
  expect((await walk.log()).length).toBe(3);
});

test("of ended sessions, the last ended stay, as many as fit the bound", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  for (let n = 0; n < 5; n++) {
    await talk(walk, `${n} ${"x".repeat(400_000)}`); // once as the question, once as the answer
    await walk.gateway.resetSession(key);
  }
  const before = await walk.storage.endedSessions(key);
  await sweepDeep(inDays(walk, 0, { endedSessionsMegabytes: 2 }), () => true, never);
  expect((await walk.storage.endedSessions(key)).map(({ id }) => id)).toEqual(before.slice(-2).map(({ id }) => id));
});

test("a prompt goes when no log names it any more, is a day old, and nobody is about to name it", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  await talk(walk, "hello");
  const orphan = await walk.storage.putBlob({ mimeType: promptMimeType, bytes: new Uint8Array([1]) });
  const picture = await walk.storage.putBlob({ mimeType: "image/png", bytes: new Uint8Array([2]) });
  const sweep = (days: number, isNamed = false) => sweepDeep(inDays(walk, days, {}), () => isNamed, never);
  expect(await sweep(0.9)).toMatchObject({ prompts: 0 });
  expect(await sweep(2, true)).toMatchObject({ prompts: 0 });
  expect(await sweep(2)).toMatchObject({ prompts: 1 });
  expect(await walk.storage.blob(orphan)).toBeUndefined();
  expect(await walk.storage.blob(picture)).toBeDefined();
  expect(await walk.gateway.at(key, 3)).toMatchObject({ asked: { answerSeq: 3 } });
  await walk.gateway.deleteSession(key);
  expect(await sweep(2)).toMatchObject({ prompts: 1 });
});

test("the room of what was deleted goes back to the file system, a few pages at a time", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "openclaw.db");
  await using storage = openSqlite({ path, log: silentLog, clock: systemClock });
  const sessionId = newId();
  await storage.append(
    opening(
      sessionId,
      key,
      Array.from({ length: 40 }, () => received(newId(), "x".repeat(200_000))),
    ),
  );
  await storage.deleteSession(sessionId);
  const upkeep = await storage.upkeep?.();
  using reader = new Database(path, { readonly: true });
  const pages = () => reader.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
  const full = pages();
  let steps = 0;
  while (await upkeep?.reclaim()) steps += 1;
  expect(steps).toBeGreaterThan(10);
  expect(pages()).toBeLessThan(full / 4);
});

const megabyte = 1024 * 1024;

function onlyRefused(error: unknown): undefined {
  if (!(error instanceof Fault) || error.code !== "storageUnavailable") throw error;
}

test("the write-ahead log stays bounded while somebody reads without end; what is refused then is not acknowledged", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "openclaw.db");
  const bounds = { mostLogBytes: 4 * megabyte };
  await using storage = openSqlite({ path, log: silentLog, clock: systemClock, ...bounds });
  const sessionId = newId();
  await storage.append(opening(sessionId, key));
  const reader = new Database(path, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM events").get();
  const acknowledged: string[] = [];
  const write = async () => {
    const event = newEvent(received(newId(), "x".repeat(100_000)));
    await storage.append({ sessionId, events: [event] });
    acknowledged.push(event.id);
  };
  const fill = async () => {
    for (let n = 0; n < 200; n++) await write();
  };
  await expect(fill()).rejects.toMatchObject({ code: "storageUnavailable" });
  expect(statSync(`${path}-wal`).size).toBeLessThan(7 * megabyte); // a look every 16 commits
  expect(await storage.health()).toMatchObject({ ok: false });
  reader.close();
  await write();
  expect(await storage.health()).toEqual({ ok: true });
  const events = await storage.events(sessionId, { limit: 1_000, take: "first" });
  expect(events.slice(1).map(({ id }) => id)).toEqual(acknowledged);
});

test("readers that come and go, one always there, neither stop the writer nor let its log grow", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "openclaw.db");
  await using storage = openSqlite({ path, log: silentLog, clock: systemClock, mostLogBytes: 4 * megabyte });
  const sessionId = newId();
  await storage.append(opening(sessionId, key));
  const script = join(import.meta.dir, "../support/overlapping-readers.ts");
  const readers = Bun.spawn([process.execPath, "run", script, path], { stdout: "pipe", stderr: "inherit" });
  try {
    await readers.stdout.getReader().read();
    let longest = 0;
    for (let n = 0; n < 400; n++) {
      const append = { sessionId, events: [newEvent(received(newId(), "x".repeat(100_000)))] };
      // A reader that the machine leaves waiting amid its reading is one that does not go; what comes after it does.
      await until("the storage to take a write", () => storage.append(append).catch(onlyRefused));
      longest = Math.max(longest, statSync(`${path}-wal`).size);
    }
    expect(longest).toBeLessThan(8 * megabyte);
  } finally {
    readers.kill();
    await readers.exited;
  }
}, 30_000);

import { expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog } from "#base";
import { checkProjection } from "#sessions";
import { inspectStorage, openSqlite, type Storage } from "#storage";
import { asideRecords, waitingRecords } from "../../src/gateway/inbound/record-kinds.ts";
import { promptMimeType } from "../../src/gateway/prompts.ts";
import { usualRetention } from "../../src/gateway/retention.ts";
import { sweepDeep } from "../../src/gateway/sweep-deep.ts";
import { opening, received } from "../support/storage.ts";
import { tempFolder } from "../support/temp-folder.ts";

const dayMs = 86_400_000;
const never = new AbortController().signal;
const to = { channel: "pigeon", chat: "c1" };

/** A storage whose time a test sets, in days. */
class Shelf implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly path = join(this.#folder.path, "openclaw.db");
  readonly #clock = { now: () => Math.round(this.day * dayMs), elapsed: () => 0 };
  readonly storage: Storage;
  day = 1_000;

  constructor() {
    this.storage = openSqlite({ path: this.path, log: silentLog, clock: this.#clock });
  }

  put(text: string, mimeType = "image/png"): Promise<string> {
    return this.storage.putBlob({ mimeType, bytes: new TextEncoder().encode(text) });
  }

  async sweep(limits: Partial<typeof usualRetention>): Promise<number> {
    const house = { storage: this.storage, clock: this.#clock, retention: () => ({ ...usualRetention, ...limits }) };
    return (await sweepDeep(house, () => true, never)).files;
  }

  async has(hash: string): Promise<boolean> {
    return (await this.storage.blob(hash)) !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

test("a file goes when it is too old, and not without a limit; a prompt is none", async () => {
  await using shelf = new Shelf();
  const [old, prompt] = [await shelf.put("old"), await shelf.put("prompt", promptMimeType)];
  shelf.day += 5;
  const young = await shelf.put("young");
  shelf.day += 5.5;
  expect(await shelf.sweep({})).toBe(0);
  expect(await shelf.sweep({ filesDays: 11 })).toBe(0);
  expect(await shelf.sweep({ filesDays: 10 })).toBe(1);
  expect([await shelf.has(old), await shelf.has(young), await shelf.has(prompt)]).toEqual([false, true, true]);
});

test("of more than may be kept the oldest go, however many they are, and none that has just come", async () => {
  await using shelf = new Shelf();
  const hashes: string[] = [];
  for (let n = 0; n < 130; n++) {
    hashes.push(await shelf.put(`${n}`.padEnd(40_000, "x")));
    shelf.day += 0.1;
  }
  const most = Math.floor((1024 * 1024) / 40_000);
  expect(await shelf.sweep({ filesMegabytes: 1 })).toBe(130 - most);
  const left = await Promise.all(hashes.map((hash) => shelf.has(hash)));
  expect(left).toEqual(hashes.map((_, n) => n >= 130 - most));
  shelf.day += 1;
  const big = await shelf.put("y".repeat(2 * 1024 * 1024));
  expect(await shelf.sweep({ filesMegabytes: 1 })).toBe(most);
  expect(await shelf.has(big)).toBe(true);
  shelf.day += 0.1;
  expect(await shelf.sweep({ filesMegabytes: 1 })).toBe(1);
});

test("a file that is put again is as young as that", async () => {
  await using shelf = new Shelf();
  const hash = await shelf.put("twice");
  shelf.day += 20;
  await shelf.put("twice");
  shelf.day += 1;
  expect(await shelf.sweep({ filesDays: 10 })).toBe(0);
  expect(await shelf.has(hash)).toBe(true);
});

test("a file stays as long as a delivery, a waiting message or one that was put aside names it", async () => {
  await using shelf = new Shelf();
  const { storage } = shelf;
  const [sent, unheard, aside] = [await shelf.put("sent"), await shelf.put("unheard"), await shelf.put("aside")];
  const files = [{ blob: sent, name: "a.png", mimeType: "image/png" }];
  await storage.append({ ...opening("s1", "agent:main:a"), outbox: [{ id: "o1", to, text: "", files }] });
  await storage.writeRecords([
    { kind: waitingRecords, id: "w", data: JSON.stringify({ unheard: [{ line: 0, blob: unheard }] }) },
    { kind: asideRecords, id: "a", data: JSON.stringify({ update: JSON.stringify({ blob: aside }) }) },
    { kind: "another", id: "x", data: "{}" },
  ]);
  shelf.day += 100;
  expect(await shelf.sweep({ filesDays: 1, filesMegabytes: 1 })).toBe(0);
  await storage.writeRecords(
    [waitingRecords, asideRecords].map((kind, n) => ({ kind, id: "wa"[n] ?? "", data: undefined })),
  );
  expect(await shelf.sweep({ filesDays: 1 })).toBe(2);
  expect(await shelf.has(sent)).toBe(true);
  await storage.deleteSession("s1");
  expect(await shelf.sweep({ filesDays: 1 })).toBe(1);
});

test("a message that names a file that is gone is no damage", async () => {
  await using shelf = new Shelf();
  const hash = await shelf.put("a picture");
  const text = `[attached: image; image/png, 9 bytes, blob ${hash}]`;
  await shelf.storage.append(opening("s1", "agent:main:a", [received("r1", text)]));
  shelf.day += 100;
  expect(await shelf.sweep({ filesDays: 90 })).toBe(1);
  const seen = await inspectStorage({
    path: shelf.path,
    checkProjection,
    signal: never,
    onProgress: async () => {},
  });
  expect(seen.findings).toEqual([]);
});

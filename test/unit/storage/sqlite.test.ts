import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog, systemClock } from "#base";
import { openSqlite, type Storage } from "#storage";
import { version } from "../../../src/version.ts";
import { Connection } from "../../../src/storage/sqlite/connection.ts";
import { answered, newEvent, opening, openSqliteFile, received, tempFolder } from "../../support/storage.ts";
import { until } from "../../support/until.ts";

test("what belongs to the owner is readable by the owner alone", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  writeFileSync(path, "");
  chmodSync(path, 0o644);
  await using storage = openSqliteFile(path);
  await storage.append(opening("s1", "agent:main:a"));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ["journal_mode", "wal"],
  ["synchronous", 2],
  ["foreign_keys", 1],
  ["trusted_schema", 0],
  ["cell_size_check", 1],
  ["secure_delete", 1],
  ["busy_timeout", 5_000],
])("the database is opened with %s = %p", (pragma, value) => {
  using folder = tempFolder();
  const connection = new Connection(join(folder.path, "state.db"));
  expect(Object.values(connection.db.query<object, []>(`PRAGMA ${pragma}`).get() ?? {})).toEqual([value]);
  connection.db.close(false);
});

test("closing leaves one file", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const storage = openSqliteFile(path);
  await storage.append(opening("s1", "agent:main:a"));
  await storage.sessionByKey("agent:main:a");
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  await storage[Symbol.asyncDispose]();
  expect(() => statSync(`${path}-wal`)).toThrow("ENOENT");
});

test("a database of a newer version is refused and left alone", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const db = new Database(path, { create: true });
  db.run("PRAGMA user_version = 999");
  db.close(true);
  expect(() => openSqliteFile(path)).toThrow(/newer version \(schema 999, this version knows \d+\)/);
  using again = new Database(path);
  expect(again.query("SELECT name FROM sqlite_schema").all()).toEqual([]);
});

test("the version that the program tells of the database's form is that of a database", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  await openSqliteFile(path)[Symbol.asyncDispose]();
  using db = new Database(path, { readonly: true });
  const told = await version.schemas();
  expect(db.query<object, []>("PRAGMA user_version").get()).toEqual({ user_version: told["database"] ?? 0 });
  expect(told["database"]).toBeGreaterThan(5);
});

test.each([
  ["text that is no database", "this is not a database, but it is long enough to look like one ".repeat(20)],
  ["a page of noise", new Uint8Array(8_192).fill(170)],
])("%s is refused and left alone", (_what, content) => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  writeFileSync(path, content);
  expect(() => openSqliteFile(path)).toThrow("the file is not a database");
  expect(readFileSync(path)).toEqual(Buffer.from(content));
});

test("a folder that is not there is told as what it is", () => {
  expect(() => openSqliteFile("/nowhere/at/all/state.db")).toThrow(
    "The storage at /nowhere/at/all/state.db cannot be used",
  );
});

test("what is no database is told, and what to do about it, and left alone", () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  writeFileSync(path, "my diary");
  expect(() => openSqliteFile(path)).toThrow(
    `The storage at ${path} cannot be used: the file is not a database; move it away to begin with an empty one, or put a copy in its place.`,
  );
  expect(readFileSync(path, "utf8")).toBe("my diary");
});

test("a damaged place is told where it is met, and the health stays red", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  {
    await using storage = openSqliteFile(path);
    await storage.append(opening("s1", "agent:main:a"));
    for (let i = 0; i < 40; i++) {
      const event = newEvent(received(`r${i}`, `${i} `.repeat(1_000)));
      await storage.append({ sessionId: "s1", events: [event] });
    }
  }
  const bytes = readFileSync(path);
  bytes.fill(0xff, bytes.indexOf("20 20 20 ") & ~4_095, bytes.indexOf("22 22 22 ") & ~4_095);
  writeFileSync(path, bytes);

  await using storage = openSqliteFile(path);
  expect(await storage.health()).toEqual({ ok: true });
  const reading = storage.events("s1", { limit: 100, take: "first" });
  await expect(reading).rejects.toMatchObject({ code: "storageUnusable", data: { problem: "the file is damaged" } });
  expect(await storage.health()).toEqual({ ok: false, problem: "the file is damaged" });
});

test.each([
  ["removed", (path: string) => rmSync(path)],
  [
    "replaced",
    (path: string) => {
      rmSync(path);
      writeFileSync(path, "");
    },
  ],
])("a file that is %s while it is open makes the health red", async (_what, lose) => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  await using storage = openSqliteFile(path);
  expect(await storage.health()).toEqual({ ok: true });
  lose(path);
  expect(await storage.health()).toMatchObject({ ok: false, problem: expect.stringContaining("removed or replaced") });
});

test("nothing is written to the disk for a storage in memory", async () => {
  await using storage = openSqlite({ path: ":memory:", log: silentLog, clock: systemClock });
  await storage.append(opening("s1", "agent:main:a"));
  expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ id: "s1" });
  expect(() => statSync(":memory:")).toThrow("ENOENT");
});

test.each([
  ["a changed text", "UPDATE events SET data = replace(data, 'two', 'twO') WHERE seq = 3", 3, "hash"],
  ["a changed time", "UPDATE events SET at = at + 1 WHERE seq = 2", 2, "hash"],
  ["a changed hash", "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 3", 3, "hash"],
  ["another kind", "UPDATE events SET kind = 'MessageSent' WHERE seq = 2", 2, "hash"],
  ["a missing event", "DELETE FROM events WHERE seq = 2", 2, "missing"],
  ["a missing end", "DELETE FROM events WHERE seq = 4", 4, "missing"],
  [
    "an exchanged pair",
    "UPDATE events SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)",
    2,
    "missing",
  ],
  [
    "a shortened log",
    "DELETE FROM events WHERE seq = 4; UPDATE sessions SET head_seq = 3",
    3,
    "not the event the log ended with",
  ],
])("%s is found and named", async (_what, sql, seq, problem) => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const texts = ["one", "two", "three"].map((text, i) => received(`r${i}`, text));
  {
    await using storage = openSqliteFile(path);
    await storage.append(opening("s1", "agent:main:a", texts));
    await storage.append(opening("s2", "agent:main:b", texts));
  }
  tamper(
    path,
    sql.replaceAll("WHERE", "WHERE session_id = 's1' AND").replace("head_seq = 3", "head_seq = 3 WHERE id = 's1'"),
  );
  await using storage = openSqliteFile(path);
  const reading = storage.events("s1", { limit: 10, take: "first" });
  await expect(reading).rejects.toThrow(`session s1 is damaged at seq ${seq}`);
  await expect(reading).rejects.toThrow(problem);
  expect(await storage.events("s2", { limit: 10, take: "last" })).toHaveLength(4);
});

test("a bit that flips on the disk passes SQLite's own check, not ours", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  {
    await using storage = openSqliteFile(path);
    await storage.append(opening("s1", "agent:main:a", [received("r1", "the quick brown fox")]));
  }
  const bytes = readFileSync(path);
  const at = bytes.indexOf("brown fox");
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
  using db = new Database(path, { readonly: true });
  expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  await using storage = openSqliteFile(path);
  await expect(storage.events("s1", { limit: 10, take: "last" })).rejects.toThrow("damaged at seq 2");
});

test("what is asked for together is one commit; what is more than 256 is the next", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  await using storage = openSqliteFile(path);
  await storage.append(opening("s1", "agent:main:a"));
  const appendOne = (i: number) => storage.append({ sessionId: "s1", events: [newEvent(received(`r${i}`, "x"))] });
  const commitsOf = async (write: () => Promise<unknown>) => {
    const before = commits(path);
    await write();
    return commits(path) - before;
  };
  expect(await commitsOf(() => appendOne(0))).toBe(1);
  expect(await commitsOf(() => Promise.all(Array.from({ length: 256 }, (_, i) => appendOne(i))))).toBe(1);
  expect(await commitsOf(() => Promise.all(Array.from({ length: 257 }, (_, i) => appendOne(i))))).toBe(2);
  const scattered = async (i: number) => {
    for (let hop = 0; hop < i % 7; hop++) await Promise.resolve();
    return appendOne(i);
  };
  expect(await commitsOf(() => Promise.all(Array.from({ length: 50 }, (_, i) => scattered(i))))).toBe(1);
});

test("what follows in the next turns of the event loop is in the same commit", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  await using storage = openSqliteFile(path);
  await storage.append(opening("s1", "agent:main:a"));
  const late = async (name: string, turns: number) => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    return storage.append({ sessionId: "s1", events: [newEvent(received(name, "x"))] });
  };
  const rounds: number[] = [];
  for (let round = 0; round < 20; round++) {
    const before = commits(path);
    await Promise.all([0, 1, 2].map((turns) => late(`${round}-${turns}`, turns)));
    rounds.push(commits(path) - before);
  }
  // Not each, because a machine may have other things to do.
  expect(Math.min(...rounds)).toBe(1);
});

test("no more than 10,000 writes wait; the next is told so, and the others are written", async () => {
  await using storage = openSqlite({ path: ":memory:", log: silentLog, clock: systemClock });
  const waiting = Array.from({ length: 10_000 }, (_, i) =>
    storage.postponeOutbox(`${i}`, { claim: 0, attempts: 1, nextAt: 1, problem: "", mayBeSent: false }),
  );
  await expect(storage.append(opening("s1", "agent:main:a"))).rejects.toThrow("10000 writes are waiting");
  await Promise.all(waiting);
  expect(await storage.append(opening("s1", "agent:main:a"))).toMatchObject({ taken: true });
});

test("a storage that is full refuses everything of the moment, loses nothing, and heals", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  await using storage = openSqlite({ path, log: silentLog, clock: systemClock, mostBytes: 400_000 });
  await storage.append(opening("filler", "agent:main:filler", [received("r0", "x".repeat(250_000))]));
  await storage.append(opening("s1", "agent:main:a", [received("r1", "before")]));
  const receipt = { scope: "s", key: "k", requestHash: "h", runId: "r1" };
  await storage.append({ sessionId: "s1", events: [], receipt });
  const big = "x".repeat(100_000);
  await expectRefused(storage, big);
  expect(await storage.append({ sessionId: "s1", events: [], receipt })).toMatchObject({ taken: false });
  expect(await storage.health()).toEqual({ ok: false, problem: "the disk is full" });
  await storage.deleteSession("filler");
  await expectHealed(storage, big);
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;
test.skipIf(!canMount)("a full disk is noticed, and so is when it has room again, though nobody writes", async () => {
  using folder = tempFolder();
  using stack = new DisposableStack();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder.path]);
  if (mounted.exitCode !== 0) return; // root, but in a container that may not mount: the test above stands alone
  stack.defer(() => Bun.spawnSync(["umount", folder.path]));
  let now = 0;
  const clock = { now: () => 1_000, elapsed: () => (now += 2_000) };
  await using storage = openSqlite({ path: join(folder.path, "state.db"), log: silentLog, clock });
  await storage.append(opening("s1", "agent:main:a", [received("r1", "before")]));
  const filler = join(folder.path, "filler");
  expect(() => writeFileSync(filler, new Uint8Array(4_000_000))).toThrow("ENOSPC");
  const big = "x".repeat(100_000);
  await expectRefused(storage, big);
  expect(await storage.health()).toEqual({ ok: false, problem: "the disk is full" });
  rmSync(filler);
  await until("a healthy storage", async () => (await storage.health()).ok);
  await expectHealed(storage, big);
});

async function expectRefused(storage: Storage, big: string): Promise<void> {
  const results = await Promise.allSettled([
    storage.append({ sessionId: "s1", events: [newEvent(answered("r1", big))] }),
    storage.append({ sessionId: "s1", events: [newEvent(received("r2", big))] }),
  ]);
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "storageUnavailable", isRetryable: true } });
    if (result.status === "rejected") expect(String(result.reason)).toContain("the disk is full");
  }
  expect(await storage.events("s1", { limit: 10, take: "last" })).toHaveLength(2);
  expect(await storage.run("r2")).toBeUndefined();
  expect(await storage.run("r1")).not.toHaveProperty("endedAt");
}

async function expectHealed(storage: Storage, big: string): Promise<void> {
  await storage.append({ sessionId: "s1", events: [newEvent(answered("r1", big))] });
  expect(await storage.health()).toEqual({ ok: true });
  expect(await storage.events("s1", { limit: 10, take: "last" })).toHaveLength(3);
  expect(await storage.openRuns()).toEqual([]);
}

test("a deletion that a crash interrupted is finished by the next start", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  {
    await using storage = openSqliteFile(path);
    const many = Array.from({ length: 700 }, (_, i) => received(`r${i}`, "secret thing"));
    await storage.append(opening("s1", "agent:main:a", many));
    await storage.append(opening("s2", "agent:main:b"));
    const deleting = storage.deleteSession("s1");
    await Promise.all([storage[Symbol.asyncDispose](), expect(deleting).rejects.toThrow("it is closed")]);
  }
  expect(readFileSync(path).includes("secret thing")).toBe(true);
  await using storage = openSqliteFile(path);
  expect(await storage.sessionByKey("agent:main:a")).toBeUndefined();
  using db = new Database(path, { readonly: true });
  const left = db.query<{ n: number }, []>("SELECT count(*) AS n FROM events");
  await until("the rest to be purged", () => left.get()?.n === 1);
  await storage[Symbol.asyncDispose]();
  db.run("PRAGMA wal_checkpoint");
  expect(readFileSync(path).includes("secret thing")).toBe(false);
});

function tamper(path: string, sql: string): void {
  using db = new Database(path);
  db.run(sql);
}

/** Commits in the write-ahead log: frames whose fifth to eighth byte are not zero. Source: sqlite.org/fileformat.html, 4.2. */
function commits(path: string): number {
  const wal = readFileSync(`${path}-wal`);
  const frameBytes = 24 + wal.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) if (wal.readUInt32BE(at + 4) !== 0) count++;
  return count;
}

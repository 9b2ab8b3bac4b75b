import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";
import { until } from "../support/until.ts";

/** What a kill leaves of a database that was closed once, perhaps tampered with, and opened again. */
async function leave(folder: string, tamper: (database: string) => void = () => {}): Promise<string> {
  const [database, left] = [join(folder, "state.db"), join(folder, "left.db")];
  {
    await using storage = openSqliteFile(database);
    await storage.append(opening("s0", "agent:main:first"));
  }
  tamper(database);
  await using storage = openSqliteFile(database);
  await storage.append(opening("s1", "agent:main:a"));
  for (let i = 0; i < 20; i++) {
    await storage.append({ sessionId: "s1", events: [newEvent(received(`r${i}`, "word ".repeat(100)))] });
  }
  for (const end of ["", "-wal", "-shm"]) copyFileSync(`${database}${end}`, `${left}${end}`);
  return left;
}

/** Turns one bit of a file over, so far from its end. */
function flip(file: string, fromEnd: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - fromEnd) ^ 1, bytes.length - fromEnd);
  writeFileSync(file, bytes);
}

test("a log that has lost its end since a kill is told of, and what is left is served", async () => {
  using folder = tempFolder();
  const left = await leave(folder.path);
  flip(`${left}-wal`, 5_000);
  await using storage = openSqliteFile(left);
  expect(await storage.health()).toMatchObject({ ok: true, warning: expect.stringContaining("doctor storage") });
  const kept = await storage.events("s1", { limit: 100, take: "first" });
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(21);
});

test("a log without its head is told of", async () => {
  using folder = tempFolder();
  const left = await leave(folder.path);
  flip(`${left}-wal`, readFileSync(`${left}-wal`).length - 8);
  await using storage = openSqliteFile(left);
  expect(await storage.health()).toMatchObject({ ok: true, warning: expect.stringContaining("write-ahead log") });
});

test.each(["as the kill left it", "without the index of its log", "with an index that is damaged"])(
  "a database %s is whole, and nothing is said of it",
  async (how) => {
    using folder = tempFolder();
    const left = await leave(folder.path);
    if (how.startsWith("without")) rmSync(`${left}-shm`);
    if (how.endsWith("damaged")) flip(`${left}-shm`, readFileSync(`${left}-shm`).length - 17);
    await using storage = openSqliteFile(left);
    expect(await storage.events("s1", { limit: 100, take: "first" })).toHaveLength(21);
    expect(await storage.health()).toEqual({ ok: true });
  },
);

test("an index that does not fit its table is noticed after a kill", async () => {
  using folder = tempFolder();
  const left = await leave(folder.path, (database) => {
    const db = new Database(database, { readonly: true });
    const { rootpage } = db
      .query<{ readonly rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions_recent'")
      .get() ?? { rootpage: 0 };
    db.close();
    flip(database, readFileSync(database).length - rootpage * 4_096 + 1); // the last letter of the session's id
  });
  await using storage = openSqliteFile(left);
  await until("a warning", async () => (await storage.health()).warning !== undefined);
  expect((await storage.health()).warning).toContain("sessions_recent");
});

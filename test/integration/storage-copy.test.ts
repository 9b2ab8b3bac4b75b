import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret, silentLog, systemClock } from "#base";
import { runCli, type Terminal } from "#cli";
import { locateHome, prepareHome } from "#config";
import { acquireLock, openStorage, readStorageUrl, type Storage } from "#storage";
import { createCliContext } from "../../src/cli-context.ts";
import type { RowSource, TargetArchive } from "../../src/storage/copy/archive.ts";
import { copyRows } from "../../src/storage/copy/copy-rows.ts";
import { digestTable, type TableDigest } from "../../src/storage/copy/digest.ts";
import { openPostgresSource, openPostgresTarget } from "../../src/storage/copy/postgres-archive.ts";
import { openSqliteSource, openSqliteTarget } from "../../src/storage/copy/sqlite-archive.ts";
import { type CopiedRow, copiedTables } from "../../src/storage/copy/copied-tables.ts";
import { hasPostgres, sharedPostgres } from "../support/postgres.ts";
import { answered, newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";

setDefaultTimeout(30_000); // the first test of PostgreSQL starts a server

/** A home, the command line over it, and its database. */
function installation(settings = "") {
  const folder = tempFolder();
  const database = join(folder.path, "state", "openclaw.db");
  const environment = { OPENCLAW_HOME: folder.path };
  prepareHome(locateHome(environment));
  writeFileSync(join(folder.path, "openclaw.toml"), settings, { mode: 0o600 });
  return {
    database,
    lock: join(folder.path, "state", "gateway.lock"),
    async run(...argv: string[]) {
      const written = { stdout: "", stderr: "" };
      const context = createCliContext(terminal(written), environment);
      return { exitCode: await runCli(argv, context), ...written };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function terminal(written: { stdout: string; stderr: string }): Terminal {
  const output = (name: "stderr" | "stdout") => ({
    isTty: false,
    write: async (text: string) => void (written[name] += text),
  });
  return {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTty: false, readAll: () => Promise.reject(new Error("nothing is piped in")) },
    signal: new AbortController().signal,
    takeInterrupts: () => ({ [Symbol.dispose]() {} }),
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: () => Promise.reject(new Error("nobody types")),
  };
}

function openAt(url: string, databasePath: string): Promise<Storage> {
  const read = readStorageUrl(new Secret(url));
  if (!read.ok) throw new Error(read.because);
  return openStorage({ place: read.place, databasePath, log: silentLog, clock: systemClock });
}

/** Something of everything, more than fits into a page, with texts that not every database takes. */
async function fill(storage: Storage): Promise<void> {
  const odd = "a\0b\u0001c\u{1f600}\ud800";
  const to = { channel: "pigeon", chat: "c\0" };
  const many = Array.from({ length: 1_300 }, (_, i) => received(`r${i}`, `${odd} ${i}`));
  const receipt = { scope: "webchat", key: "k\0\u0001", requestHash: "h", runId: "r0" };
  const outbox = [{ id: "o1", to, text: "x\0", runId: "r1" }];
  await storage.append({ ...opening("s1", "agent:main:a", many), receipt, outbox, projection: '{"n":1}' });
  const sent = newEvent({ kind: "MessageSent", messageId: "p\0", to, text: "x" }, 5_000);
  await storage.append({ sessionId: "s1", events: [newEvent(answered("r0", "done"), 4_000), sent] });
  await storage.append(opening("s2", "agent:main:b", [received("r9", "x")]));
  const end = newEvent({ kind: "SessionEnded", reason: "reset" }, 8_000_000_000_000);
  await storage.append({ sessionId: "s2", events: [end], successor: opening("s3", "agent:main:b") });
  await storage.claimOutbox("o1", { owner: "a", claim: 0, now: Date.now() + 1, until: Date.now() + 60_000 });
  await storage.putBlob({ mimeType: "image/png", bytes: crypto.getRandomValues(new Uint8Array(70_000)) });
  await storage.putBlob({ mimeType: "text/plain", bytes: new Uint8Array() });
  await storage.writeRecords(["a", "b\0", "b\u0001", "é"].map((id) => ({ kind: "device", id, data: `{"n":"${id}"}` })));
}

/** What can be asked of a storage, asked. */
async function everything(storage: Storage) {
  return {
    live: await storage.sessions({ limit: 10 }),
    ended: await storage.endedSessions("agent:main:b"),
    events: await Promise.all(["s1", "s2", "s3"].map((id) => storage.events(id, { limit: 5_000, take: "first" }))),
    receipt: await storage.receipt("webchat", "k\0\u0001"),
    runs: await storage.openRuns({ limit: 5_000 }),
    run: await storage.run("r0"),
    outbox: await storage.outbox({ limit: 10 }),
    sent: await storage.sentMessages("p\0", 10),
    records: await storage.records({ kind: "device", limit: 10 }),
  };
}

test("every column of every table is on the list of what is copied", () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  void openSqliteFile(path)[Symbol.asyncDispose]();
  using db = new Database(path, { readonly: true });
  const names = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const columnsOf = (name: string) => db.query<{ name: string }, []>(`PRAGMA table_info(${name})`).all();
  const found = names.map(({ name }) => [name, columnsOf(name).map((column) => column.name)] as const);
  const listed = copiedTables.map(({ name, columns }) => [name, Object.keys(columns)] as const);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(found));
});

describe.skipIf(!hasPostgres())("with PostgreSQL", () => {
  test("everything goes from the file into the database and back, and the source stays as it was", async () => {
    using home = installation();
    const url = await (await sharedPostgres()).newDatabase();
    await using stack = new AsyncDisposableStack();
    const source = stack.use(await openAt("sqlite", home.database));
    await fill(source);
    const before = await everything(source);
    await source[Symbol.asyncDispose]();
    const bytes = readFileSync(home.database);

    const there = await home.run("storage", "migrate", "--to", url);
    expect(there).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^events +1307$/m) });
    expect(there.stderr).toContain("events: 1307 compared");
    expect(readFileSync(home.database).equals(bytes)).toBe(true);
    {
      await using copy = await openAt(url, "");
      expect(await everything(copy)).toEqual(before);
      await copy.append({ sessionId: "s3", events: [newEvent(received("new", "x"))] });
    }

    using other = installation(`[storage]\nurl = "${url}"\n`);
    const back = await other.run("storage", "migrate", "--to", "sqlite", "--json");
    expect(back).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(back.stdout)).toMatchObject({
      ok: true,
      to: "sqlite",
      rows: { events: 1308, records: 4, blobs: 2 },
    });
    await using again = await openAt("sqlite", other.database);
    expect(await again.events("s1", { limit: 5_000, take: "first" })).toEqual([...(before.events[0] ?? [])]);
    expect((await again.sessions({ limit: 10 })).map(({ id, headSeq }) => [id, headSeq])).toContainEqual(["s3", 2]);
    const info = await other.run("storage", "info");
    expect(info.stdout).toMatch(/^backend +postgres$/m);
    expect(info.stdout).toMatch(/^events +1308$/m);
  });

  test("the doctor reads the database while a gateway writes it, and names what is damaged", async () => {
    const server = await sharedPostgres();
    const url = await server.newDatabase();
    using home = installation(`[storage]\nurl = "${url}"\n`);
    await using storage = await openAt(url, "");
    await fill(storage);
    const state = { isOver: false };
    const writing = (async () => {
      for (let n = 0; !state.isOver; n++)
        await storage.append({ sessionId: "s3", events: [newEvent(received(`w${n}`, "while it is read"))] });
    })();
    const sound = await home.run("doctor", "storage");
    state.isOver = true;
    await writing;
    expect(sound).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^in order: 3 sessions, \d+ events, 2 blobs/),
    });

    const damages = [
      "UPDATE openclaw.events SET at = at + 1 WHERE session_id = 's1' AND seq = 900",
      "DELETE FROM openclaw.events WHERE session_id = 's2' AND seq = 3",
      "UPDATE openclaw.blobs SET bytes = '\\x00' WHERE mime_type = 'image/png'",
      "UPDATE openclaw.receipts SET run_id = 'another'",
      "UPDATE openclaw.outbox SET text = 'else'",
      "UPDATE openclaw.records SET data = '{}' WHERE id = 'a'",
    ];
    for (const damage of damages) await server.ask(damage, new URL(url).pathname.slice(1));
    const damaged = await home.run("doctor", "storage");
    expect(damaged.exitCode).toBe(1);
    for (const said of [
      "session of agent:main:a at seq 900: its hash does not fit",
      "session of agent:main:b at seq 3: it is missing",
      "has other bytes",
      "receipts webchat k",
      "outbox 1: its seal does not fit",
      "records device a: its seal does not fit",
      "6 problems",
    ])
      expect(damaged.stdout).toContain(said);
  });

  test("a backup is refused, and says what to use", async () => {
    const url = await (await sharedPostgres()).newDatabase();
    using home = installation(`[storage]\nurl = "${url}"\n`);
    const refused = await home.run("backup", "create");
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("pg_dump") });
  });

  test("a target with something in it is refused, and so is one where a gateway runs", async () => {
    using home = installation();
    await (await openAt("sqlite", home.database))[Symbol.asyncDispose]();
    const url = await (await sharedPostgres()).newDatabase();
    {
      await using busy = await openAt(url, "");
      await busy.append(opening("s9", "agent:main:z"));
      const refused = await home.run("storage", "migrate", "--to", url);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain("Another gateway");
    }
    const refused = await home.run("storage", "migrate", "--to", url);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("it is not empty: there are sessions in it");
  });

  test.each([
    ["a changed event", "UPDATE events SET at = at + 1 WHERE session_id = 's1' AND seq = 900", "damaged at seq 900"],
    ["a missing event", "DELETE FROM events WHERE session_id = 's1' AND seq = 900", "damaged at seq 900"],
    ["a lost end", "DELETE FROM events WHERE session_id = 's1' AND seq > 900", "damaged at seq 900"],
    ["a changed blob", "UPDATE blobs SET bytes = x'00'", "is damaged"],
  ])("%s in the source ends it, and leaves the target empty and free", async (_what, damage, says) => {
    using home = installation();
    {
      await using source = await openAt("sqlite", home.database);
      await fill(source);
    }
    {
      using db = new Database(home.database);
      db.run(damage);
    }
    const url = await (await sharedPostgres()).newDatabase();
    const refused = await home.run("storage", "migrate", "--to", url);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(says);
    expect(refused.stderr).toContain("Nothing was copied; `");
    expect(refused.stderr).not.toContain("    at ");
    await using empty = await openAt(url, "");
    expect(await empty.sessions({ limit: 1 })).toEqual([]);
  });
});

test.each<[string, (rows: readonly CopiedRow[]) => readonly CopiedRow[]]>([
  ["loses a row", (rows) => rows.slice(1)],
  ["changes a row", (rows) => rows.map((row) => ({ ...row, started_at: 1 }))],
])("a target that %s keeps nothing", async (_what, change) => {
  using folder = tempFolder();
  const [from, to] = [join(folder.path, "from.db"), join(folder.path, "to.db")];
  {
    await using storage = openSqliteFile(from);
    await storage.append(opening("s1", "agent:main:a", [received("r1", "x")]));
  }
  await using source = openSqliteSource(from);
  await using honest = openSqliteTarget(to);
  const forgetful: TargetArchive = {
    fill: (work) =>
      honest.fill((rows) =>
        work({ ...rows, put: (table, all) => rows.put(table, table.name === "runs" ? change(all) : all) }),
      ),
    [Symbol.asyncDispose]: async () => {},
  };
  const signal = new AbortController().signal;
  const copying = copyRows({
    source,
    target: forgetful,
    from: "sqlite",
    place: to,
    signal,
    onProgress: async () => {},
  });
  await expect(copying).rejects.toThrow("runs did not come back as they were sent");
  expect(existsSync(to)).toBe(false);
});

/** Every row of every table, as one hash each. */
async function digests(source: RowSource): Promise<readonly (readonly [string, TableDigest])[]> {
  const all: (readonly [string, TableDigest])[] = [];
  for (const table of copiedTables) all.push([table.name, await digestTable(source, table, async () => {})]);
  return all;
}

async function copyUntilKilled(from: string, to: string, steps: number): Promise<void> {
  const script = join(import.meta.dir, "../support/copy-process.ts");
  const copying = Bun.spawn([process.execPath, script, from, to, String(steps)], { stderr: "inherit" });
  await copying.exited;
  expect(copying.signalCode).toBe("SIGKILL");
}

/** Of the eighteen pages and tables that it takes: amid the events, at the end of what is copied, amid and at the end of the comparison. */
const killedAfter = [1, 3, 11, 14, 18];

async function fillSource(folder: string): Promise<string> {
  const from = join(folder, "from.db");
  await using storage = openSqliteFile(from);
  await fill(storage);
  return from;
}

describe("a copy that is killed leaves the source as it was and nothing that counts, and can be made again", () => {
  test("into a file", async () => {
    using folder = tempFolder();
    const [from, to] = [await fillSource(folder.path), join(folder.path, "to.db")];
    const bytes = readFileSync(from);
    for (const steps of killedAfter) {
      await copyUntilKilled(from, to, steps);
      expect(existsSync(to), `after ${steps} steps`).toBe(false);
    }
    await using whole = openSqliteSource(from);
    const { signal } = new AbortController();
    await copyRows({
      source: whole,
      target: openSqliteTarget(to),
      from: "sqlite",
      place: to,
      signal,
      onProgress: async () => {},
    });
    await using copy = openSqliteSource(to);
    expect(await digests(copy)).toEqual(await digests(whole));
    expect(readFileSync(from).equals(bytes)).toBe(true);
    expect(existsSync(`${to}.copy`)).toBe(false);
  });

  test.skipIf(!hasPostgres())("into PostgreSQL", async () => {
    using folder = tempFolder();
    const from = await fillSource(folder.path);
    const bytes = readFileSync(from);
    const to = await (await sharedPostgres()).newDatabase();
    for (const steps of killedAfter) await copyUntilKilled(from, to, steps);
    const place = { url: new Secret(to), shown: "postgres" };
    await using whole = openSqliteSource(from);
    {
      await using target = await openPostgresTarget(place);
      const { signal } = new AbortController();
      await copyRows({ source: whole, target, from: "sqlite", place: "postgres", signal, onProgress: async () => {} });
    }
    await using copy = await openPostgresSource(place, false);
    expect(await digests(copy)).toEqual(await digests(whole));
    expect(readFileSync(from).equals(bytes)).toBe(true);
  });
});

test("while a gateway runs on the home, nothing is copied, but counted", async () => {
  using home = installation();
  await using storage = await openAt("sqlite", home.database);
  await storage.append(opening("s1", "agent:main:a"));
  const lock = acquireLock(home.lock);
  if (!lock.held) throw new Error("the lock was taken");
  const refused = await home.run("storage", "migrate", "--to", "postgres://127.0.0.1:1/x");
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`process ${process.pid}`);
  lock.release();
  const info = await home.run("storage", "info", "--json");
  expect(JSON.parse(info.stdout)).toMatchObject({ backend: "sqlite", where: home.database, rows: { sessions: 1 } });
});

test.each([
  ["nothing", [], 2, "--to is missing"],
  ["itself", ["--to", "sqlite"], 1, "it is the storage of the settings"],
  ["memory", ["--to", "memory:"], 1, "memory"],
  ["something unknown", ["--to", "mysql://u:hunter2@h/d"], 1, "--to: expected"],
] as const)("to %s: refused, and the password is not repeated", async (_what, args, exitCode, says) => {
  using home = installation();
  await (await openAt("sqlite", home.database))[Symbol.asyncDispose]();
  const run = await home.run("storage", "migrate", ...args);
  expect(run).toMatchObject({ exitCode, stderr: expect.stringContaining(says) });
  expect(run.stdout + run.stderr).not.toContain("hunter2");
  expect(existsSync(`${home.database}.copy`)).toBe(false);
});

import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Secret, silentLog, systemClock } from "#base";
import { fault } from "#protocol";
import { checkProjection } from "#sessions";
import { inspectStorage, type Storage } from "#storage";
import { AllowBook } from "../../src/gateway/access/allow-book.ts";
import { Pairing } from "../../src/gateway/access/pairing.ts";
import { copyRows } from "../../src/storage/copy/copy-rows.ts";
import { openSqliteSource, openSqliteTarget } from "../../src/storage/copy/sqlite-archive.ts";
import { openPostgres } from "../../src/storage/postgres/open-postgres.ts";
import { FakeChannel } from "../support/fake-channel.ts";
import { hasPostgres, sharedPostgres } from "../support/postgres.ts";
import { newEvent, opening, openSqliteFile, received, tempFolder } from "../support/storage.ts";
import { until } from "../support/until.ts";
import { Walk, webchat } from "../support/walk.ts";

setDefaultTimeout(30_000); // the first test of PostgreSQL starts a server

/** A database that can be opened, and changed behind its back while it is closed. */
interface Place extends AsyncDisposable {
  open(): Promise<Storage>;
  /** The names of tables stand alone. */
  change(sql: string): Promise<void>;
  /** Makes it what the version before the seals left. */
  takeSealsAway(): Promise<void>;
}

const places: readonly { readonly name: string; readonly make: () => Place }[] = [
  {
    name: "sqlite",
    make: () => {
      const folder = tempFolder();
      const path = join(folder.path, "state.db");
      return {
        open: async () => openSqliteFile(path),
        change: async (sql) => {
          using db = new Database(path);
          expect(db.query(sql).run().changes).toBeGreaterThan(0);
        },
        takeSealsAway: async () => {
          using db = new Database(path);
          for (const table of sealedTables) db.run(`ALTER TABLE ${table} DROP COLUMN seal`);
          db.run("DROP INDEX blobs_age");
          db.run("PRAGMA user_version = 4");
        },
        [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
      };
    },
  },
  {
    name: "postgres",
    make: () => {
      const url = sharedPostgres().then((server) => server.newDatabase());
      const options = { place: "postgres", log: silentLog, clock: systemClock };
      return {
        open: async () => openPostgres({ url: new Secret(await url), ...options }),
        change: async (sql) => {
          const server = await sharedPostgres();
          const name = new URL(await url).pathname.slice(1);
          await server.ask(sql.replace(/^UPDATE /, "UPDATE openclaw."), name);
        },
        takeSealsAway: async () => {
          const server = await sharedPostgres();
          const name = new URL(await url).pathname.slice(1);
          for (const table of sealedTables) await server.ask(`ALTER TABLE openclaw.${table} DROP COLUMN seal`, name);
          await server.ask("UPDATE openclaw.gateway SET schema_step = 2", name);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
];

const sealedTables = ["receipts", "outbox", "records"];
const receipt = { scope: "webchat", key: "k", requestHash: "h", runId: "r" };
const to = { channel: "pigeon", chat: "c" };

async function fill(storage: Storage): Promise<void> {
  const outbox = ["o1", "o2"].map((id) => ({ id, to, text: `text of ${id}`, runId: "r" }));
  await storage.append({ ...opening("s1", "agent:main:a", [received("r", "x")]), receipt, outbox });
  await storage.writeRecords(["a", "b"].map((id) => ({ kind: "device", id, data: `{"name":"${id}"}` })));
}

const far = Date.now() + 1_000_000;

describe.each(places.filter(({ name }) => name !== "postgres" || hasPostgres()))("rows in $name", ({ make }) => {
  test("are as they were written, through everything that becomes of them", async () => {
    await using place = make();
    {
      await using storage = await place.open();
      await fill(storage);
      const lone = { id: "o\ud800", to: { channel: "pigeon", chat: "\ud800" }, text: "half \ud800 of a pair" };
      await storage.append({ sessionId: "s1", events: [], outbox: [lone] });
      const claim = await storage.claimOutbox("o1", { owner: "me", claim: 0, now: far, until: far + 1 });
      expect(claim).toBe(1);
      const later = { claim: 1, attempts: 1, nextAt: far, problem: "no", mayBeSent: true };
      expect(await storage.postponeOutbox("o1", later)).toBe(true);
      await storage.claimOutbox("o1", { owner: "me", claim: 1, now: far + 2, until: far + 3 });
      await storage.releaseOutbox("me");
      const dead = { id: "o1", as: "dead", claim: 2, attempts: 2, problem: "no", mayBeSent: false } as const;
      await storage.append({ sessionId: "s1", events: [], settles: [dead] });
      await storage.append({ sessionId: "s1", events: [], settles: [{ id: "o1", as: "replayed" }] });
      await storage.writeRecords([{ kind: "device", id: "a", data: "{}", expected: 1 }]);
    }
    await using storage = await place.open();
    const rows = await storage.outbox({ limit: 10 });
    expect(rows.map(({ id, isDamaged }) => [id.toWellFormed(), isDamaged])).toEqual([
      ["o2", undefined],
      ["o\ufffd", undefined],
      ["o1", undefined],
    ]);
    expect(await storage.record("device", "a")).toMatchObject({ data: "{}", version: 2 });
    expect(await storage.receipt("webchat", "k")).toEqual({ ...receipt, sessionId: "s1", at: expect.any(Number) });
    expect(await storage.health()).toEqual({ ok: true });
  });

  test("of the outbox that are damaged cannot be claimed or sent again, whatever of them it is", async () => {
    const changes = [
      "text = 'another text'",
      `address = '{"channel":"pigeon","chat":"d"}'`,
      "address = '{'",
      "run_id = 'q'",
      "may_be_sent = 1",
      "claim = 1",
      "attempts = 7",
      `next_at = ${Date.now() + 1e13}`,
      `claimed_until = ${Date.now() + 1e13}`,
      "seal = ''",
    ];
    for (const change of changes) {
      await using place = make();
      await (async () => {
        await using storage = await place.open();
        await fill(storage);
      })();
      await place.change(`UPDATE outbox SET ${change} WHERE id = 'o1'`);
      await using storage = await place.open();
      const due = (await storage.dueOutbox({ now: Date.now(), limit: 10 })).find(({ id }) => id === "o1");
      expect(due, change).toMatchObject({ id: "o1", isDamaged: true });
      if (!due) return;
      const wanted = { owner: "me", claim: due.claim, now: far * 100, until: far * 101 };
      expect(await storage.claimOutbox("o1", wanted)).toBeUndefined();
      expect(await storage.health()).toMatchObject({ ok: true, warning: expect.stringContaining("outbox row o1") });
      expect(await storage.buryOutbox(due.n, "it is damaged")).toBe(true);
      expect(await storage.buryOutbox(due.n, "it is damaged")).toBe(false);
      expect((await storage.dueOutbox({ now: Date.now(), limit: 10 })).map(({ id }) => id)).toEqual(["o2"]);
      const settle = (as: "replayed" | "dropped") =>
        storage.append({ sessionId: "s1", events: [], settles: [{ id: "o1", as }] });
      await expect(settle("replayed")).rejects.toMatchObject({ code: "deadLetterDamaged" });
      await settle("dropped");
      expect((await storage.outbox({ limit: 10 })).map(({ id }) => id)).toEqual(["o2"]);
    }
  });

  test("of the outbox that are in order are not buried", async () => {
    await using place = make();
    await using storage = await place.open();
    await fill(storage);
    const [row] = await storage.outbox({ limit: 1 });
    expect(await storage.buryOutbox(row?.n ?? 0, "it is damaged")).toBe(false);
    expect(await storage.buryOutbox(99, "it is damaged")).toBe(false);
  });

  test.each(['data = \'{"name":"c"}\'', "version = 9", "updated_at = 1", "id = 'c'"])(
    "of records say nothing after %s, and are whole again when they are written anew",
    async (change) => {
      await using place = make();
      await (async () => {
        await using storage = await place.open();
        await fill(storage);
      })();
      await place.change(`UPDATE records SET ${change} WHERE id = 'a'`);
      await using storage = await place.open();
      const rows = await storage.records({ kind: "device", limit: 10 });
      const damaged = rows.find(({ isDamaged }) => isDamaged);
      expect(damaged).toMatchObject({ data: "null" });
      expect(rows.find(({ id }) => id === "b")).toMatchObject({ data: '{"name":"b"}' });
      const id = damaged?.id ?? "";
      expect(await storage.record("device", id)).toEqual(damaged);
      expect(await storage.health()).toMatchObject({ warning: expect.stringContaining(`record device ${id}`) });
      const anew = { kind: "device", id, data: "{}", expected: damaged?.version ?? 0 };
      expect(await storage.writeRecords([anew])).toBe(true);
      expect(await storage.record("device", id)).toMatchObject({ data: "{}" });
      expect(await storage.record("device", id)).not.toHaveProperty("isDamaged");
    },
  );

  test.each(["run_id = 'q'", "request_hash = 'i'", "at = 1"])(
    "of receipts still say that there was such a request after %s, and that is all",
    async (change) => {
      await using place = make();
      await (async () => {
        await using storage = await place.open();
        await fill(storage);
      })();
      await place.change(`UPDATE receipts SET ${change}`);
      await using storage = await place.open();
      const again = await storage.append({ sessionId: "s1", events: [newEvent(received("r2", "x"))], receipt });
      expect(again).toMatchObject({ taken: false, receipt: { isDamaged: true } });
      expect(await storage.receipt("webchat", "k")).toMatchObject({ isDamaged: true });
      expect(await storage.health()).toMatchObject({ warning: expect.stringContaining("receipt k of webchat") });
    },
  );

  test("that an older version wrote are sealed when it is opened, however many", async () => {
    await using place = make();
    const many = Array.from({ length: 1_200 }, (_, i) => ({ kind: "note", id: `${i}`, data: `{"n":${i}}` }));
    await (async () => {
      await using storage = await place.open();
      await fill(storage);
      await storage.writeRecords(many);
    })();
    await place.takeSealsAway();
    await using storage = await place.open();
    expect(await storage.receipt("webchat", "k")).not.toHaveProperty("isDamaged");
    expect((await storage.outbox({ limit: 10 })).filter(({ isDamaged }) => isDamaged)).toEqual([]);
    const notes = await storage.records({ kind: "note", limit: 5_000 });
    expect(notes.filter(({ isDamaged }) => isDamaged)).toEqual([]);
    expect(notes).toHaveLength(1_200);
    expect(await storage.record("note", "1199")).toMatchObject({ data: '{"n":1199}' });
  });
});

const chatKey = "agent:main:pigeon:default:direct:c1";
const from = { channel: "pigeon", chat: "c1" };
const asleep = () => ({ refused: "forNow", problem: "the pigeon sleeps" }) as const;

/** Leaves two answers undelivered, and changes the row of the first behind everybody's back. */
async function leaveDamaged(folder: string, change: string): Promise<void> {
  {
    await using walk = new Walk({ folder, channels: [webchat, new FakeChannel(asleep)] });
    for (const id of ["m1", "m2"]) {
      await walk.say(`say ${id}`, { id, sessionKey: chatKey, from });
      await walk.ending(id, chatKey);
    }
    await until("two rows", async () => (await walk.storage.outbox({ limit: 10 })).length === 2);
  }
  using db = new Database(join(folder, "openclaw.db"));
  db.run("PRAGMA foreign_keys = OFF");
  expect(db.run(`UPDATE outbox SET ${change} WHERE run_id = 'm1'`).changes).toBe(1);
}

test.each([
  ["its text", "text = 'pay 900'"],
  ["its address", `address = '{"channel":"pigeon","chat":"c2"}'`],
  ["its session", "session_id = 'nobody'"],
  ["its time", `next_at = ${Date.now() + 1e13}`],
])("an answer whose row lost %s to damage is told of and never sent; what comes after it is", async (what, change) => {
  using folder = tempFolder();
  await leaveDamaged(folder.path, change);
  const channel = new FakeChannel();
  await using walk = new Walk({ folder: folder.path, channels: [webchat, channel] });
  await walk.recovered();
  await until("the second answer", () => channel.texts.includes("echo say m2"));
  const [dead] = await until("the dead letter", async () => {
    const rows = await walk.storage.outbox({ limit: 10, isDead: true });
    return rows.length > 0 && rows;
  });
  expect(dead).toMatchObject({ isDamaged: true, problem: "what was stored of it is damaged" });
  expect(channel.tried).toEqual(["echo say m2"]);
  if (what !== "its session") {
    const told = await until("the log to tell", async () =>
      (await walk.log(chatKey)).find((event) => event.kind === "StateChanged" && event.key === "delivery.failed"),
    );
    expect(told).toMatchObject({ value: { runId: "m1", problem: "what was stored of it is damaged" } });
    const replay = walk.gateway.settleDeadLetter(dead?.id ?? "", "replayed");
    await expect(replay).rejects.toMatchObject({ code: "deadLetterDamaged" });
    await walk.gateway.settleDeadLetter(dead?.id ?? "", "dropped");
    expect(await walk.storage.outbox({ limit: 10, isDead: true })).toEqual([]);
  }
  expect(channel.tried).toEqual(["echo say m2"]);
});

test("a message whose receipt is damaged is not done again, and its sender is not told of another's turn", async () => {
  using folder = tempFolder();
  {
    await using walk = new Walk({ folder: folder.path });
    await walk.say("hello", { id: "m1" });
    await walk.ending("m1");
  }
  {
    using db = new Database(join(folder.path, "openclaw.db"));
    db.run("UPDATE receipts SET run_id = 'another'");
  }
  await using walk = new Walk({ folder: folder.path });
  expect(await walk.say("hello", { id: "m1" })).toEqual({ taken: false, because: "damaged" });
  expect(walk.asked).toEqual([]);
});

test("a request whose memory is damaged is not begun again", async () => {
  using folder = tempFolder();
  const request = { id: "i", key: "k", requestHash: "h" };
  {
    await using walk = new Walk({ folder: folder.path });
    await walk.gateway.once(request, async () => "done");
  }
  {
    using db = new Database(join(folder.path, "openclaw.db"));
    db.run("UPDATE records SET data = replace(data, 'done', 'gone') WHERE kind = 'request'");
  }
  await using walk = new Walk({ folder: folder.path });
  const again = walk.gateway.once(request, () => Promise.reject(new Error("begun again")));
  await expect(again).rejects.toMatchObject({ code: "outcomeUnknown" });
});

function roomsOf(storage: Storage) {
  return { storage, log: silentLog, clock: systemClock };
}

test("a damaged entry lets nobody in, and a damaged lock lets nobody guess", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "state.db");
  const who = { channel: "telegram", account: "default", senderId: "41" };
  const guess = (storage: Storage) => {
    const book = new AllowBook(roomsOf(storage));
    return new Pairing({ ...roomsOf(storage), book }).approve("telegram", "AAAAAAAA");
  };
  {
    await using storage = openSqliteFile(path);
    const book = new AllowBook(roomsOf(storage));
    await storage.writeRecords([book.entry({ ...who, how: "paired", since: 1 })]);
    await expect(guess(storage)).rejects.toMatchObject({ code: "pairingNotFound" });
  }
  {
    using db = new Database(path);
    db.run(
      "UPDATE records SET id = replace(id, '41', '42'), data = replace(data, '41', '42') WHERE kind = 'channel-allow'",
    );
    expect(db.run("UPDATE records SET updated_at = 7 WHERE kind LIKE '%lock%'").changes).toBe(1);
  }
  await using storage = openSqliteFile(path);
  const book = new AllowBook(roomsOf(storage));
  expect(await book.kept({ ...who, senderId: "42" })).toBeUndefined();
  expect(await book.list({})).toEqual([]);
  await expect(guess(storage)).rejects.toMatchObject({ code: "lockedOut" });
});

async function leaveOneOfEachDamaged(folder: string): Promise<string> {
  const path = join(folder, "state.db");
  await (async () => {
    await using storage = openSqliteFile(path);
    await fill(storage);
  })();
  using db = new Database(path);
  db.run("UPDATE receipts SET at = at + 1");
  db.run("UPDATE outbox SET text = 'else' WHERE id = 'o2'");
  db.run("UPDATE records SET data = '{}' WHERE id = 'b'");
  return path;
}

describe("a database with a damaged row of each sort", () => {
  test("is told of by table and key", async () => {
    using folder = tempFolder();
    const path = await leaveOneOfEachDamaged(folder.path);
    const { signal } = new AbortController();
    const { findings } = await inspectStorage({ path, checkProjection, signal, onProgress: async () => {} });
    const said = findings.map(({ where, problem }) => `${where}: ${problem}`);
    expect(said).toContain("receipt: receipts webchat k: its seal does not fit");
    expect(said).toContain("outbox: outbox 2: its seal does not fit");
    expect(said).toContain("record: records device b: its seal does not fit");
  });

  test("is not copied", async () => {
    using folder = tempFolder();
    const path = await leaveOneOfEachDamaged(folder.path);
    const copy = join(folder.path, "copy.db");
    await using source = openSqliteSource(path);
    const { signal } = new AbortController();
    const copying = copyRows({
      source,
      target: openSqliteTarget(copy),
      from: "the source",
      place: "copy",
      signal,
      onProgress: async () => {},
    });
    await expect(copying).rejects.toMatchObject(
      fault.storageUnusable({
        path: "the source",
        problem:
          "receipts webchat k: its seal does not fit. Nothing was copied; `openclaw doctor storage` names all that is damaged, and what to do",
      }),
    );
    expect(existsSync(copy)).toBe(false);
  });
});

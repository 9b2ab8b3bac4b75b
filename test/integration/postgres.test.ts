import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createLog, Secret, silentLog, systemClock } from "#base";
import { Fault } from "#protocol";
import type { Storage } from "#storage";
import { openPostgres } from "../../src/storage/postgres/open-postgres.ts";
import { openCutLine } from "../support/cut-line.ts";
import { hasPostgres, type PostgresServer, sharedPostgres, startPostgres } from "../support/postgres.ts";
import { newEvent, opening, received } from "../support/storage.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000); // a server that is busy with others, too

const place = "postgres://there/db";

function openAt(url: string): Promise<Storage> {
  return openPostgres({ url: new Secret(url), place, log: silentLog, clock: systemClock });
}

/** The same database by another door. */
function through(url: string, port: number): string {
  return Object.assign(new URL(url), { port: String(port) }).href;
}

function say(runId: string, text = "x") {
  return { sessionId: "s1", events: [newEvent(received(runId, text))] };
}

async function runIds(storage: Storage): Promise<string[]> {
  const events = await storage.events("s1", { limit: 1_000, take: "first" });
  return events.flatMap(({ event }) => (event.kind === "MessageReceived" ? [event.runId] : []));
}

describe.skipIf(!hasPostgres())("PostgreSQL", () => {
  beforeAll(async () => void (await sharedPostgres()), 60_000);

  test("one gateway writes to a database; the next is told which it is, and comes in when it is gone", async () => {
    const url = await (await sharedPostgres()).newDatabase();
    {
      await using first = await openAt(url);
      const refused = await openAt(url).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "alreadyRunning" });
      expect(String(refused)).toContain(`(process ${process.pid} on `);
      expect(String(refused)).toContain(place);
      expect(await first.append(opening("s1", "agent:main:a"))).toMatchObject({ taken: true });
    }
    await using second = await openAt(url);
    expect(await second.sessionByKey("agent:main:a")).toMatchObject({ id: "s1" });
  });

  test.each([
    ["synchronous_commit", "off", "synchronous_commit is off"],
    ["synchronous_commit", "local", "synchronous_commit is local"],
  ])("a server that forgets is refused: %s = %s", async (setting, value, problem) => {
    const url = await (await sharedPostgres()).newDatabase({ [setting]: value });
    const refused = await openAt(url).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "storageUnusable", data: { path: place } });
    expect(String(refused)).toContain(problem);
  });

  test("a server that begins to forget takes no more writes", async () => {
    const server = await sharedPostgres();
    const url = await server.newDatabase();
    await using storage = await openAt(url);
    await storage.append(opening("s1", "agent:main:a"));
    const name = new URL(url).pathname.slice(1);
    await server.ask(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    await server.ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await until("the refusal", async () => {
      const refused = await storage.append(say("late")).catch((error: unknown) => error);
      return String(refused).includes("synchronous_commit is off");
    });
    expect(await storage.health()).toMatchObject({ ok: false });
  });

  test("a database of a newer version is refused and left alone", async () => {
    const server = await sharedPostgres();
    const url = await server.newDatabase();
    await (await openAt(url))[Symbol.asyncDispose]();
    const database = new URL(url).pathname.slice(1);
    await server.ask("UPDATE openclaw.gateway SET schema_step = 999", database);
    await expect(openAt(url)).rejects.toThrow(/newer version \(schema 999, this version knows \d+\)/);
  });

  test("what is wrong with the way there is said without the password", async () => {
    const url = new URL(await (await sharedPostgres()).newDatabase());
    url.password = "hunter2";
    for (const [part, value, problem] of [
      ["pathname", "/nowhere", "the database does not exist"],
      ["port", "1", "the server cannot be reached"],
      ["username", "nobody-of-ours", "does not accept the user"],
    ] as const) {
      const refused = await openAt(Object.assign(new URL(url), { [part]: value }).href).catch(
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({ code: "storageUnusable" });
      expect(String(refused)).toContain(problem);
      expect(Bun.inspect(refused)).not.toContain("hunter2");
    }
  });

  describe("a line that breaks", () => {
    test.each([
      ["before", { rejects: true, runs: ["r1", "r3"] }],
      ["answer", { rejects: false, runs: ["r1", "r2", "r3"] }],
    ] as const)("%s: what became of the write is found out before anybody is told", async (when, { rejects, runs }) => {
      const server = await sharedPostgres();
      using line = openCutLine(server.port);
      await using storage = await openAt(through(await server.newDatabase(), line.port));
      await storage.append(opening("s1", "agent:main:a"));
      await storage.append(say("r1"));
      line.cutAt("cut-here", when);
      const receipt = { scope: "a", key: "b", requestHash: "c", runId: "r2" };
      const [cut] = await Promise.allSettled([storage.append({ ...say("r2", "cut-here"), receipt })]);
      expect(cut.status).toBe(rejects ? "rejected" : "fulfilled");
      if (cut.status === "rejected") expect(cut.reason).toMatchObject({ code: "storageUnavailable" });
      expect(await storage.receipt("a", "b")).toEqual(rejects ? undefined : expect.objectContaining(receipt));
      await storage.append(say("r3"));
      expect(await runIds(storage)).toEqual([...runs]);
      expect(await storage.health()).toEqual({ ok: true });
    });

    test("and stays broken: others are refused at once, and the one whose answer was lost hears the truth later", async () => {
      const server = await sharedPostgres();
      using line = openCutLine(server.port);
      await using storage = await openAt(through(await server.newDatabase(), line.port));
      await storage.append(opening("s1", "agent:main:a"));
      const isDown = line.downAt("cut-here", "answer");
      const unsure = storage.append(say("r1", "cut-here"));
      await isDown;
      await until("red health", async () => !(await storage.health()).ok);
      await expect(storage.append(say("r2"))).rejects.toMatchObject({ code: "storageUnavailable" });
      line.up();
      expect(await unsure).toMatchObject({ taken: true });
      await until("green health", async () => (await storage.health()).ok);
      await storage.append(say("r3"));
      expect(await runIds(storage)).toEqual(["r1", "r3"]);
    });

    test("without end: who cannot be told what became of it is told that nobody knows", async () => {
      const server = await sharedPostgres();
      using line = openCutLine(server.port);
      const storage = await openAt(through(await server.newDatabase(), line.port));
      await storage.append(opening("s1", "agent:main:a"));
      const isDown = line.downAt("cut-here", "before");
      const unsure = storage.append(say("r1", "cut-here"));
      await isDown;
      await until("red health", async () => !(await storage.health()).ok);
      const [[answer]] = await Promise.all([Promise.allSettled([unsure]), storage[Symbol.asyncDispose]()]);
      expect(answer).toMatchObject({ status: "rejected", reason: { code: "outcomeUnknown" } });
    });
  });

  test("a gateway that lost its place to another writes nothing any more, and says why", async () => {
    const server = await sharedPostgres();
    using line = openCutLine(server.port);
    const url = await server.newDatabase();
    await using first = await openAt(through(url, line.port));
    await first.append(opening("s1", "agent:main:a"));
    line.down();
    {
      await using second = await openAt(url);
      await second.append(say("of the second"));
    }
    line.up();
    await until("the word of the loss", async () =>
      (await first.health()).problem?.includes("another gateway has taken the database over"),
    );
    await expect(first.append(say("of the first"))).rejects.toMatchObject({ code: "storageUnavailable" });
    expect(await runIds(first)).toEqual(["of the second"]);
  });

  test("a write that comes late finds another holder, whatever its own gateway believes", async () => {
    const server = await sharedPostgres();
    const url = await server.newDatabase();
    await using storage = await openAt(url);
    await storage.append(opening("s1", "agent:main:a"));
    await server.ask("UPDATE openclaw.gateway SET holder = 'another'", new URL(url).pathname.slice(1));
    const refused = await storage.append(say("r1")).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "storageUnavailable" });
    expect(String(refused)).toContain("another gateway has taken the database over");
    expect(await runIds(storage)).toEqual([]);
  });

  test("a server that crashes loses nothing that was acknowledged, and the storage comes back by itself", async () => {
    const server: PostgresServer = await startPostgres();
    const lines: string[] = [];
    const log = createLog({ level: "debug", write: (line) => lines.push(line) });
    const url = Object.assign(new URL(await server.newDatabase()), { password: "hunter2" }).href;
    await using storage = await openPostgres({ url: new Secret(url), place, log, clock: systemClock });
    await storage.append(opening("s1", "agent:main:a"));
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    const flags = { isOver: false };
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; !flags.isOver; i++) {
        const id = `w${writer}-${i}`;
        try {
          await storage.append(say(id));
          acknowledged.push(id);
        } catch (error) {
          refused.push(error);
          await Bun.sleep(5);
        }
      }
    });
    await until("some writes", () => acknowledged.length > 50);
    await server.crash();
    await until("red health", async () => !(await storage.health()).ok);
    await expect(storage.append(say("while it is down"))).rejects.toMatchObject({ code: "storageUnavailable" });
    await server.start();
    const before = acknowledged.length;
    await until("writes after the crash", () => acknowledged.length > before + 50);
    flags.isOver = true;
    await Promise.all(writers);
    // A writer that waits through the outage is refused nothing; what is refused is refused as this.
    expect(refused.filter((error) => !(error instanceof Fault && error.code === "storageUnavailable"))).toEqual([]);
    const kept = new Set(
      (await storage.events("s1", { limit: 1_000_000, take: "first" })).flatMap(({ event }) =>
        event.kind === "MessageReceived" ? [event.runId] : [],
      ),
    );
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect(kept.size).toBe(acknowledged.length);
    await until("green health", async () => (await storage.health()).ok);
    expect(lines.join("\n")).not.toContain("hunter2");
  });
});

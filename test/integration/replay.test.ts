import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromSource } from "../support/cli-home.ts";
import { type GatewayProcess, startGateway, token } from "../support/gateway-process.ts";
import { House, operator, openRpc } from "../support/rpc-house.ts";
import { over, key, Walk } from "../support/walk.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function talk(walk: Walk, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const receipt = await walk.say(text);
    if (receipt.taken) await walk.ending(receipt.runId);
  }
}

test("a summary that is not what its log comes to is named part by part, and mended when that is asked for", async () => {
  using folder = tempFolder();
  {
    await using walk = new Walk({ folder: folder.path });
    await talk(walk, "one", "two");
    expect(await walk.sessions.replay(key, { mends: false })).toMatchObject({ stored: "equal", differences: [] });
  }
  using db = new Database(join(folder.path, "openclaw.db"));
  db.run(`UPDATE sessions SET projection = replace(projection, '"messageCount":4', '"messageCount":5')`);
  await using walk = new Walk({ folder: folder.path });
  expect((await walk.sessions.state(key))?.summary.messageCount).toBe(5);
  const differences = [
    { part: "messageCount", stored: 5, replayed: 4 },
    { part: "memory.messageCount", stored: 5, replayed: 4 },
  ];
  expect(await walk.sessions.replay(key, { mends: false })).toMatchObject({
    stored: "differs",
    differences,
    isMended: false,
  });
  expect(await walk.sessions.replay(key, { mends: true })).toMatchObject({ differences, isMended: true });
  expect(await walk.sessions.replay(key, { mends: true })).toMatchObject({
    stored: "equal",
    differences: [],
    isMended: false,
  });
  expect((await walk.sessions.state(key))?.summary.messageCount).toBe(4);
  await talk(walk, "three");
  expect(await walk.sessions.replay(key, { mends: false })).toMatchObject({ stored: "equal", differences: [] });
});

test("a summary of another version is told anew, and written when that is asked for", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  await talk(walk, "one");
  using db = new Database(join(folder.path, "openclaw.db"));
  db.run("UPDATE sessions SET projection = '{}'");
  expect(await walk.sessions.replay(key, { mends: true })).toMatchObject({
    stored: "absent",
    differences: [],
    isMended: true,
  });
  expect(await walk.sessions.replay(key, { mends: false })).toMatchObject({ stored: "equal" });
});

test("a page of a log is read as that page, not from the beginning on", async () => {
  using folder = tempFolder();
  const read: number[] = [];
  await using walk = new Walk({
    folder: folder.path,
    between: (storage) =>
      over(storage, {
        events: async (id, range) => {
          const events = await storage.events(id, range);
          read.push(...events.map(({ seq }) => seq));
          return events;
        },
      }),
  });
  await talk(walk, ...Array.from("abcdefghij"));
  const rpc = openRpc(new House(), { services: { ...new House().services, sessions: walk.sessions } });
  await walk.sessions.state(key);
  read.length = 0;
  const page = await rpc.call("sessions.events", { sessionKey: key, after: 12, limit: 3 }, operator(rpc));
  expect(page).toMatchObject({ events: [{ seq: 13 }, { seq: 14 }, { seq: 15 }], hasMore: true });
  expect(read).toEqual([13, 14, 15, 16]);
  const last = await rpc.call("sessions.export", { sessionKey: key, after: 20 }, operator(rpc));
  expect(last).toMatchObject({ events: [{ seq: 21 }], hasMore: false });
  await rpc[Symbol.asyncDispose]();
});

test("at the command line: replay, look back, export, import and doctor on a gateway that runs", async () => {
  using folder = tempFolder();
  await using gateway: GatewayProcess = await startGateway({ home: folder.path, command: fromSource });
  const openclaw = async (...argv: string[]) => {
    const place = argv[0] === "sessions" || argv[0] === "chat" ? ["--url", gateway.socketUrl, "--token", token] : [];
    const child = Bun.spawn([...fromSource, ...argv, ...place], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder.path, OPENCLAW_HOME: folder.path },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { stdout, stderr, exitCode };
  };
  expect(await openclaw("chat", "-m", "hello")).toMatchObject({ exitCode: 0 });
  expect((await openclaw("sessions", "replay", "main")).stdout).toContain(
    "3 events, what is remembered of it is the same",
  );
  const at = await openclaw("sessions", "at", "main", "3");
  expect(at.stdout).toContain("for the answer at seq 3");
  expect(at.stdout).toContain("You are a personal assistant");
  expect(await openclaw("sessions", "at", "main", "4")).toMatchObject({ exitCode: 1 });
  const file = join(folder.path, "main.jsonl");
  expect((await openclaw("sessions", "export", "main", "--format", "jsonl", "--out", file)).stdout).toContain(
    "Wrote 4 lines",
  );
  const again = await openclaw("sessions", "import", file, "--key", "copy");
  expect(again).toMatchObject({ exitCode: 1 });
  expect(again.stderr).toContain("is here already");
  const text = await Bun.file(file).text();
  writeFileSync(file, text.replace(/"id":"[^"]+"/, '"id":"another-session"'));
  const imported = await openclaw("sessions", "import", file, "--key", "copy");
  expect(imported.stdout).toBe("Imported 3 events as agent:main:copy.\n");
  const same = await openclaw("sessions", "export", "copy", "--format", "jsonl");
  expect(same.stdout.replaceAll("agent:main:copy", "agent:main:main")).toBe(await Bun.file(file).text());
  const doctor = await openclaw("doctor", "storage");
  expect(doctor).toMatchObject({ exitCode: 0, stderr: "" });
  expect(doctor.stdout).toStartWith("in order: 2 sessions, 6 events, 1 blobs in ");
  await gateway.stop();
  using db = new Database(join(folder.path, "state/openclaw.db"));
  db.run("UPDATE events SET data = replace(data, 'hello', 'hullo') WHERE seq = 2 AND session_id != 'another-session'");
  const damaged = await openclaw("doctor", "storage");
  expect(damaged.exitCode).toBe(1);
  expect(damaged.stdout).toContain("session of agent:main:main at seq 2: its hash does not fit");
  const machine = JSON.parse((await openclaw("doctor", "storage", "--json")).stdout) as unknown;
  expect(machine).toMatchObject({ ok: false, found: 1, findings: [{ key: "agent:main:main", seq: 2 }] });
}, 60_000);

test("doctor finds nothing wrong while a gateway writes", async () => {
  const { inspectStorage } = await import("#storage");
  const { checkProjection } = await import("#sessions");
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  const stop = new AbortController();
  const talking = Promise.all(
    Array.from({ length: 3 }, async (_, n) => {
      const sessionKey = `agent:main:s${n}`;
      while (!stop.signal.aborted) {
        const receipt = await walk.say("hello", { sessionKey });
        if (receipt.taken) await walk.ending(receipt.runId, sessionKey);
      }
    }),
  );
  let grew = 0;
  for (let round = 0, before = 0; round < 30; round++) {
    const found = await inspectStorage({
      path: join(folder.path, "openclaw.db"),
      checkProjection,
      signal: stop.signal,
      onProgress: () => Bun.sleep(3),
    });
    expect(found.findings).toEqual([]);
    if (found.counts.events > before) grew += 1;
    before = found.counts.events;
  }
  stop.abort();
  await talking;
  expect(grew).toBeGreaterThan(20);
}, 30_000);

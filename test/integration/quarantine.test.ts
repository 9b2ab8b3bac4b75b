import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { locateHome } from "#config";
import { type App, openApp } from "../../src/app.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, sayAndHang, Walk } from "../support/walk.ts";

const other = "agent:main:other";
const damagedAt = (seq: number) => ({ code: "sessionDamaged", data: { key, seq } });

describe("a session whose log is damaged", () => {
  test("refuses what is asked of it, by name and place; the others go on, and it is still listed", async () => {
    using folder = tempFolder();
    await talk(folder.path);
    flipBit(folder.path, key, 2);
    await using walk = new Walk({ folder: folder.path });
    expect(walk.sessions.damaged()).toEqual([]);
    await expect(walk.say("again", { id: "n" })).rejects.toMatchObject(damagedAt(2));
    expect(walk.gateway.activeRuns()).toEqual([]);
    expect(walk.gateway.load()).toEqual({ running: 0, waiting: 0 });
    for (const asked of [
      () => walk.sessions.state(key),
      () => walk.sessions.history(key, { limit: 10 }),
      () => Array.fromAsync(walk.sessions.events(key)),
      () => walk.sessions.patch(key, { label: "x" }),
    ])
      await expect(asked()).rejects.toMatchObject(damagedAt(2));
    expect(walk.sessions.damaged()).toMatchObject([{ key, seq: 2 }]);
    await walk.say("hello", { id: "o", sessionKey: other });
    expect(await walk.ending("o", other)).toMatchObject({ text: "echo hello" });
    expect((await walk.sessions.list({ limit: 10 })).map((session) => session.key)).toEqual([other, key]);
  });

  test("refuses from the moment on at which the damage shows, also what it could still answer", async () => {
    using folder = tempFolder();
    await talk(folder.path);
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.sessions.state(key)).toMatchObject({ key });
    flipBit(folder.path, key, 3);
    expect(await walk.sessions.state(key)).toMatchObject({ key });
    await expect(walk.sessions.history(key, { limit: 10 })).rejects.toMatchObject(damagedAt(3));
    await expect(walk.sessions.state(key)).rejects.toMatchObject(damagedAt(3));
    await expect(walk.say("again", { id: "n" })).rejects.toMatchObject(damagedAt(3));
  });

  test("begins anew by a reset, with its settings and its old log on disk, and is gone by a delete", async () => {
    using folder = tempFolder();
    await talk(folder.path);
    for (const session of [key, other]) flipBit(folder.path, session, 2);
    await using walk = new Walk({ folder: folder.path });
    for (const session of [key, other])
      await expect(walk.sessions.state(session)).rejects.toMatchObject({ code: "sessionDamaged" });
    expect(await walk.gateway.resetSession(key)).toBe(true);
    expect(await walk.sessions.state(key)).toMatchObject({ summary: { settings: { label: "mine" } } });
    expect(await walk.storage.endedSessions(key)).toHaveLength(1);
    expect(await walk.gateway.deleteSession(other)).toBe(true);
    expect(await walk.sessions.state(other)).toBeUndefined();
    expect(walk.sessions.damaged()).toEqual([]);
    await walk.say("hello", { id: "n" });
    expect(await walk.ending("n")).toMatchObject({ text: "echo hello" });
  });

  test("does not keep the others from being taken up after a crash", async () => {
    using folder = tempFolder();
    {
      await using walk = new Walk({ folder: folder.path, answer: (_r, signal) => sayAndHang("half", signal) });
      await walk.say("one", { id: "a" });
      await walk.say("two", { id: "b", sessionKey: other });
      await walk.wasAsked(2);
    }
    flipBit(folder.path, key, 2);
    await using walk = new Walk({ folder: folder.path });
    expect(await walk.recovered()).toEqual({ resumed: 1, ended: 0 });
    expect(await walk.ending("b", other)).toMatchObject({ text: "echo two" });
    expect(walk.sessions.damaged()).toMatchObject([{ key, seq: 2 }]);
  });
});

test("health is degraded and status tells which session is damaged, and where", async () => {
  using folder = tempFolder();
  {
    await using app = await open(folder.path);
    await using client = await connect(app);
    await client.chat("hello");
  }
  flipBit(join(folder.path, "state"), key, 2);
  await using app = await open(folder.path);
  await using client = await connect(app);
  const { error } = await client.ask("chat.history", { sessionKey: "main" });
  expect(error).toMatchObject({
    message: expect.stringContaining("damaged at seq 2"),
    data: { name: "sessionDamaged" },
  });
  const health = await until("a report of it", async () => {
    const report = await client.call<{ status: string; reasons: object }>("health", {});
    return report.status === "degraded" && report;
  });
  expect(health.reasons).toEqual({ sessions: `damaged logs: ${key} (at seq 2)` });
  expect(await client.call("status", {})).toMatchObject({ damaged: [{ key, seq: 2 }] });
  expect(await client.call("sessions.list", {})).toMatchObject({ sessions: [{ key }] });
});

/** Two sessions with a question and an answer each. */
async function talk(folder: string): Promise<void> {
  await using walk = new Walk({ folder });
  for (const [id, sessionKey] of [
    ["m1", key],
    ["m2", other],
  ] as const) {
    await walk.say("hello", { id, sessionKey });
    await walk.ending(id, sessionKey);
    await walk.sessions.patch(sessionKey, { label: "mine" });
  }
}

/** What a disk does: one character of one event, behind everybody's back. */
function flipBit(folder: string, sessionKey: string, seq: number): void {
  using db = new Database(join(folder, "openclaw.db"));
  const change = `UPDATE events SET data = replace(data, 'runId', 'runIe')
    WHERE seq = ? AND session_id = (SELECT id FROM sessions WHERE key = ?)`;
  expect(db.run(change, [seq, sessionKey]).changes).toBe(1);
}

function open(root: string): Promise<App> {
  const home = locateHome({ OPENCLAW_HOME: root });
  return openApp({ home, environment: {}, flags: { "gateway.port": 0, "sandbox.mode": "never" }, version: "1.2.3" });
}

function connect(app: App): Promise<SocketClient> {
  const token = readFileSync(app.tokenFile ?? "", "utf8").trim();
  return SocketClient.open(new URL("/ws", app.url).href.replace(/^http/, "ws"), token);
}

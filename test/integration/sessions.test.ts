import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createLog, silentLog, systemClock } from "#base";
import { type ConversationMessage, type SessionEvent, TranscriptRow } from "#protocol";
import { createSessions, type SessionNotice, type Sessions, sessionSettings } from "#sessions";
import { openSqlite, type Storage, storageSettings } from "#storage";
import { Value } from "@sinclair/typebox/value";
import { answered, openSqliteFile, received, tempFolder } from "../support/storage.ts";

const key = "agent:main:telegram:default:direct:5";
const address = { channel: "telegram", chat: "5" };
const call = { id: "c1", name: "clock", args: { zone: "UTC" } };

test("the first append opens the session, and what was said is there at once", async () => {
  await using house = openHouse();
  const { sessions } = house;
  expect(await sessions.state(key)).toBeUndefined();
  const appended = await sessions.append(key, [received("r1", "hello")]);
  expect(appended).toMatchObject({
    taken: true,
    events: [
      { seq: 1, event: { kind: "SessionStarted", key, agentId: "main", channel: "telegram", peerId: "5" } },
      { seq: 2, event: { kind: "MessageReceived", text: "hello" } },
    ],
  });
  await sessions.append(key, [answered("r1", "good day")]);
  expect(await sessions.state(key)).toMatchObject({
    key,
    agentId: "main",
    headSeq: 3,
    summary: {
      settings: {},
      messageCount: 2,
      preview: "good day",
      usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
    },
    conversation: [
      { role: "user", text: "hello" },
      { role: "assistant", text: "good day", toolCalls: [] },
    ],
  });
});

test("a key that is not canonical is a bug of the caller", async () => {
  await using house = openHouse();
  await expect(house.sessions.append("main", [received("r1", "x")])).rejects.toThrow("not a canonical session key");
});

test("an append to what must exist opens nothing", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const append = () => sessions.append(key, [received("r1", "x")], { mustExist: true });
  await expect(append()).rejects.toMatchObject({ code: "sessionNotFound" });
  expect(await sessions.state(key)).toBeUndefined();
  await sessions.append(key, [received("r0", "x")]);
  expect(await append()).toMatchObject({ taken: true });
  const [deleted, late] = await Promise.allSettled([sessions.delete(key), append()]);
  expect([deleted.status, late.status]).toEqual(["fulfilled", "rejected"]);
  expect(await sessions.state(key)).toBeUndefined();
});

test("1,000 first messages at once open one session, and none is lost or out of order", async () => {
  await using house = openHouse();
  const { sessions, storage } = house;
  const results = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => sessions.append(key, [received(`r${i}`, String(i))])),
  );
  const seqs = results.map((result) => (result.taken ? result.events.at(-1)?.seq : undefined));
  expect(seqs).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 2));
  expect(await storage.sessions({ limit: 10 })).toHaveLength(1);
  const events = await Array.fromAsync(sessions.events(key));
  expect(events.map(({ event }) => event.kind === "MessageReceived" && event.text)).toEqual([
    false,
    ...Array.from({ length: 1_000 }, (_, i) => String(i)),
  ]);
  expect((await sessions.list({ limit: 1 }))[0]?.summary).toMatchObject({ messageCount: 1_000, preview: "999" });
  await using again = reopened(house);
  expect((await again.sessions.list({ limit: 1 }))[0]?.summary).toMatchObject({ messageCount: 1_000, preview: "999" });
});

test("a repetition is told so and changes nothing, not even when it would have opened the session", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const receipt = { scope: "telegram", key: "m1", requestHash: "h", runId: "r1" };
  const other = "agent:main:other";
  const [first, repeated] = await Promise.all([
    sessions.append(key, [received("r1", "hello")], { receipt }),
    sessions.append(other, [received("r1", "hello")], { receipt }),
  ]);
  expect(first.taken).toBe(true);
  expect(repeated).toMatchObject({ taken: false, receipt });
  expect(await sessions.state(other)).toBeUndefined();
  const before = await sessions.state(key);
  expect(await sessions.append(key, [received("r1", "hello")], { receipt })).toMatchObject({ taken: false });
  expect(await sessions.state(key)).toEqual(before);
});

test("a refused append leaves the state, the log and the followers as they were", async () => {
  await using house = openHouse({ mostBytes: 400_000 });
  const { sessions } = house;
  await sessions.append(key, [received("r1", "hello")]);
  const before = snapshot(await sessions.state(key));
  const notices = collect(sessions);
  const big = "x".repeat(600_000);
  await expect(sessions.append(key, [answered("r1", big)])).rejects.toMatchObject({ code: "storageUnavailable" });
  await expect(sessions.append("agent:main:new", [received("r2", big)])).rejects.toMatchObject({
    code: "storageUnavailable",
  });
  expect(notices).toEqual([]);
  expect(snapshot(await sessions.state(key))).toEqual(before);
  expect(await sessions.state("agent:main:new")).toBeUndefined();
  await sessions.append(key, [answered("r1", "small")]);
  expect(await sessions.state(key)).toMatchObject({ headSeq: 3, summary: { preview: "small" } });
});

test("what belongs to one turn stands together, whatever came in between", async () => {
  await using house = openHouse();
  const { sessions } = house;
  await sessions.append(key, [received("r1", "first")]);
  await sessions.append(key, [answered("r1", "", { stopReason: "toolUse", toolCalls: [call] })]);
  await sessions.append(key, [received("r2", "second")]);
  await sessions.append(key, [toolResult("r1", "c1", "12:00")]);
  await sessions.append(key, [received("r3", "third")]);
  await sessions.append(key, [answered("r1", "it is noon")]);
  const first: ConversationMessage[] = [
    { role: "user", text: "first" },
    { role: "assistant", text: "", toolCalls: [call] },
    { role: "tool", callId: "c1", name: "clock", text: "12:00", failed: false },
    { role: "assistant", text: "it is noon", toolCalls: [] },
  ];
  const state = await sessions.state(key);
  expect(state?.conversation).toEqual([...first, { role: "user", text: "second" }, { role: "user", text: "third" }]);
  expect(state?.conversationUpTo("r2")).toEqual([...first, { role: "user", text: "second" }]);
  expect(state?.conversationUpTo("r1")).toEqual(first);
  expect(state?.conversationUpTo("unknown")).toEqual(state?.conversation ?? []);
});

test("a message stays the same object while the conversation grows, and a turn that grows is told anew", async () => {
  await using house = openHouse();
  const { sessions } = house;
  await sessions.append(key, [received("r1", "first"), answered("r1", "one")]);
  const before = (await sessions.state(key))?.conversation ?? [];
  await sessions.append(key, [received("r2", "second")]);
  expect((await sessions.state(key))?.conversation).toHaveLength(3);
  await sessions.append(key, [answered("r2", "two")]);
  const after = (await sessions.state(key))?.conversation ?? [];
  expect(after.map(({ text }) => text)).toEqual(["first", "one", "second", "two"]);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

test("a message that joins a turn amid its tool calls is read after their results", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const calls = [call, { ...call, id: "c2" }];
  await sessions.append(key, [received("r1", "go"), answered("r1", "", { stopReason: "toolUse", toolCalls: calls })]);
  await sessions.append(key, [
    toolResult("r1", "c2", "two"),
    received("r1", "and hurry"),
    toolResult("r1", "c1", "one"),
  ]);
  expect((await sessions.state(key))?.conversation.slice(2)).toEqual([
    { role: "tool", callId: "c1", name: "clock", text: "one", failed: false },
    { role: "tool", callId: "c2", name: "clock", text: "two", failed: false },
    { role: "user", text: "and hurry" },
  ]);
});

test("a tool call that a crash cut off has a failed result, so that a model accepts the conversation", async () => {
  await using house = openHouse();
  const calls = [call, { ...call, id: "c2" }];
  await house.sessions.append(key, [
    received("r1", "go"),
    answered("r1", "", { stopReason: "toolUse", toolCalls: calls }),
  ]);
  await house.sessions.append(key, [toolResult("r1", "c1", "one")]);
  await using again = reopened(house);
  const cut = {
    role: "tool",
    callId: "c2",
    name: "clock",
    text: "outcome unknown: the gateway stopped while this ran",
    failed: true,
  } as const;
  expect((await again.sessions.state(key))?.conversation.slice(2)).toMatchObject([
    { callId: "c1", failed: false },
    cut,
  ]);
  await again.sessions.append(key, [received("r2", "again")]);
  expect((await again.sessions.state(key))?.conversation.slice(3)).toEqual([cut, { role: "user", text: "again" }]);
});

test("no answer without words, no call that was not made, no delivery reaches the model", async () => {
  await using house = openHouse();
  const { sessions } = house;
  await sessions.append(key, [
    received("r1", "go"),
    answered("r1", "", { stopReason: "error", problem: { kind: "overloaded", message: "Try later." } }),
    received("r2", "go on"),
    answered("r2", "I was", { stopReason: "aborted", toolCalls: [call] }),
    toolResult("r2", "c1", "never asked"),
    sent("I was", "r2"),
    sent("Good morning!"),
  ]);
  expect((await sessions.state(key))?.conversation).toEqual([
    { role: "user", text: "go" },
    { role: "user", text: "go on" },
    { role: "assistant", text: "I was", toolCalls: [] },
    { role: "assistant", text: "Good morning!", toolCalls: [] },
  ]);
});

test("the window never starts amid a tool call, is bounded, and is the same when read again", async () => {
  await using house = openHouse({ cacheBytes: 0 });
  const { sessions } = house;
  for (let turn = 0; turn < 150; turn += 10)
    await sessions.append(key, Array.from({ length: 10 }, (_, i) => wholeTurn(turn + i, 2)).flat());
  const state = await sessions.state(key);
  const conversation = state?.conversation ?? [];
  expect(conversation.length).toBeLessThanOrEqual(400);
  expect(conversation.length).toBeGreaterThan(390);
  expect(conversation[0]?.role).not.toBe("tool");
  expect(conversation.at(-1)).toMatchObject({ text: "answer 149" });
  expectPaired(conversation);
  await using again = reopened(house);
  expect(snapshot(await again.sessions.state(key))).toEqual(snapshot(state));
});

test("the window is bounded in bytes, but the newest is always there", async () => {
  await using house = openHouse();
  const { sessions } = house;
  for (let i = 0; i < 8; i++) await sessions.append(key, [received(`r${i}`, `${i}`.repeat(300_000))]);
  const texts = async () => (await sessions.state(key))?.conversation.map((message) => message.text.slice(0, 1));
  expect(await texts()).toEqual(["5", "6", "7"]);
  await sessions.append(key, [received("r8", "8".repeat(2_000_000))]);
  expect(await texts()).toEqual(["8"]);
  await using again = reopened(house);
  expect(snapshot(await again.sessions.state(key))).toEqual(snapshot(await sessions.state(key)));
});

test("opening a session reads the end of its log, not all of it", async () => {
  await using house = openHouse();
  const texts = Array.from({ length: 5_000 }, (_, i) => received(`r${i}`, String(i)));
  await house.sessions.append(key, texts);
  house.tamper("UPDATE events SET data = replace(data, '17', '71') WHERE seq = 19");
  await using again = reopened(house);
  expect((await again.sessions.state(key))?.conversation.at(-1)).toMatchObject({ text: "4999" });
  await expect(Array.fromAsync(again.sessions.events(key))).rejects.toThrow("damaged at seq 19");
});

test("however little was said among many other events, opening reads back no further than 2,000 of them", async () => {
  await using house = openHouse();
  const noise: SessionEvent[] = Array.from({ length: 2_500 }, (_, i) => ({ kind: "StateChanged", key: "x", value: i }));
  await house.sessions.append(key, [received("r1", "long ago"), ...noise]);
  house.tamper("UPDATE events SET data = replace(data, 'ago', 'AGO') WHERE seq = 2");
  await using again = reopened(house);
  expect(snapshot(await again.sessions.state(key))).toEqual(snapshot(await house.sessions.state(key)));
  expect((await again.sessions.state(key))?.summary.preview).toBe("long ago");
});

test("a summary that cannot be read is told anew from the log, and that is logged", async () => {
  await using house = openHouse();
  for (let turn = 0; turn < 120; turn += 40)
    await house.sessions.append(key, Array.from({ length: 40 }, (_, i) => wholeTurn(turn + i, 1)).flat());
  await house.sessions.patch(key, { label: "Noon" });
  const before = snapshot(await house.sessions.state(key));
  for (const projection of ["", "nonsense", '{"seq":3}', '{"seq":99999,"summary":{}}']) {
    house.tamper(`UPDATE sessions SET projection = '${projection}'`);
    await using again = reopened(house);
    expect(snapshot(await again.sessions.state(key))).toEqual(before);
    expect((await again.sessions.list({ limit: 5 }))[0]?.summary).toEqual(before?.summary);
    expect(again.lines.some((line) => line.includes("told anew"))).toBe(projection !== "");
  }
});

test("settings are set, unset, kept by a reset, and told", async () => {
  await using house = openHouse();
  const { sessions } = house;
  await expect(sessions.patch(key, { label: "x" })).rejects.toMatchObject({ code: "sessionNotFound" });
  await sessions.append(key, [received("r1", "hello")]);
  const notices = collect(sessions);
  const patched = await sessions.patch(key, { model: "demo/demo", label: "Noon", thinking: "low" });
  expect(patched.summary.settings).toEqual({ model: "demo/demo", label: "Noon", thinking: "low" });
  expect((await sessions.patch(key, { label: null, model: "demo/demo" })).summary.settings).toEqual({
    model: "demo/demo",
    thinking: "low",
  });
  expect(notices.map((notice) => notice.type === "appended" && notice.events.map(({ event }) => event))).toMatchObject([
    [{ key: "model" }, { key: "label" }, { key: "thinking" }],
    [{ kind: "StateChanged", key: "label", value: null }],
  ]);
  await sessions.patch(key, {});
  expect(notices).toHaveLength(2);
  const wrong: unknown = { thinking: "enormous" };
  await expect(sessions.patch(key, wrong as { thinking: "low" })).rejects.toMatchObject({ code: "invalidParams" });
  await expect(sessions.patch(key, { ["__proto__x"]: "y" } as object)).rejects.toMatchObject({ code: "invalidParams" });

  const old = await sessions.state(key);
  expect(await sessions.reset(key)).toBe(true);
  const fresh = await sessions.state(key);
  expect(fresh).toMatchObject({
    key,
    conversation: [],
    summary: { settings: { model: "demo/demo", thinking: "low" }, messageCount: 0 },
  });
  expect(fresh?.id).not.toBe(old?.id);
  expect(notices.slice(2)).toMatchObject([
    { type: "appended", key, events: [{ sessionId: old?.id, event: { kind: "SessionEnded", reason: "reset" } }] },
    { type: "appended", key, events: [{ sessionId: fresh?.id, seq: 1 }, { seq: 2 }, { seq: 3 }] },
  ]);
  await using again = reopened(house);
  expect(snapshot(await again.sessions.state(key))).toEqual(snapshot(fresh));
  expect(await sessions.reset("agent:main:nobody")).toBe(false);
});

test("a deleted key takes the sessions that resets ended along", async () => {
  await using house = openHouse();
  const { sessions, storage } = house;
  const notices = collect(sessions);
  await sessions.append(key, [received("r1", "one")]);
  await sessions.reset(key);
  await sessions.append(key, [received("r2", "two")]);
  expect(await sessions.run("r1")).toMatchObject({ key, stopReason: "aborted" });
  expect(await sessions.delete(key)).toBe(true);
  expect(notices.at(-1)).toEqual({ type: "deleted", key, agentId: "main" });
  expect(await sessions.state(key)).toBeUndefined();
  expect(await sessions.run("r1")).toBeUndefined();
  expect(await storage.endedSessions(key)).toEqual([]);
  expect(await sessions.history(key, { limit: 10 })).toEqual({ rows: [], hasMore: false });
  expect(await Array.fromAsync(sessions.events(key))).toEqual([]);
  expect(await sessions.list({ limit: 10 })).toEqual([]);
  expect(await sessions.delete(key)).toBe(false);
  await sessions.append(key, [received("r3", "new")]);
  expect((await sessions.state(key))?.headSeq).toBe(2);
});

test("appends, a reset and more appends asked for at once happen in that order", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const before = ["1", "2", "3"].map((text) => sessions.append(key, [received(text, text)]));
  const reset = sessions.reset(key);
  const after = ["4", "5"].map((text) => sessions.append(key, [received(text, text)]));
  await Promise.all([...before, reset, ...after]);
  expect((await sessions.state(key))?.conversation.map((message) => message.text)).toEqual(["4", "5"]);
  const ended = await house.storage.endedSessions(key);
  expect(ended).toMatchObject([{ headSeq: 5 }]);
});

test("the transcript has a row for everything that was said, in the shape of the wire", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const problem = { kind: "overloaded", message: "Try later." };
  await sessions.append(key, [
    received("r1", "go"),
    answered("r1", "let me see", { stopReason: "toolUse", toolCalls: [call], thinking: "hm" }),
    { kind: "ToolCalled", runId: "r1", callId: "c1", tool: "clock", params: { zone: "UTC" } },
    { ...toolResult("r1", "c1", "no such zone"), success: false },
    answered("r1", "", { stopReason: "error", problem }),
    sent("never", "r1"),
    sent("Good morning!"),
  ]);
  const { rows, hasMore } = await sessions.history(key, { limit: 10 });
  expect(hasMore).toBe(false);
  for (const row of rows) expect([...Value.Errors(TranscriptRow, row)]).toEqual([]);
  const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  const model = { provider: "demo", model: "demo", usage };
  expect(rows.map(({ id: _id, timestamp: _timestamp, ...row }) => row)).toEqual([
    {
      role: "user",
      seq: 2,
      runId: "r1",
      content: [{ type: "text", text: "go" }],
      sender: "u",
      idempotencyKey: "r1:user",
    },
    {
      role: "assistant",
      seq: 3,
      runId: "r1",
      content: [
        { type: "thinking", thinking: "hm" },
        { type: "text", text: "let me see" },
        { type: "toolCall", id: "c1", name: "clock", arguments: { zone: "UTC" } },
      ],
      stopReason: "toolUse",
      ...model,
    },
    {
      role: "toolResult",
      seq: 5,
      runId: "r1",
      content: [{ type: "text", text: "no such zone" }],
      toolCallId: "c1",
      toolName: "clock",
      isError: true,
    },
    { role: "assistant", seq: 6, runId: "r1", content: [], stopReason: "error", errorMessage: "Try later.", ...model },
    { role: "assistant", seq: 8, content: [{ type: "text", text: "Good morning!" }] },
  ]);
  expect((await sessions.state(key))?.summary.messageCount).toBe(rows.length);
});

test.each([1, 7, 50, 1_000])("pages of %d rows join to the whole, and the last one says so", async (limit) => {
  await using house = openHouse();
  const { sessions } = house;
  const noise: SessionEvent[] = Array.from({ length: 130 }, (_, i) => ({ kind: "StateChanged", key: "x", value: i }));
  await sessions.append(key, [received("r0", "0"), ...noise]);
  await sessions.append(
    key,
    Array.from({ length: 60 }, (_, i) => received(`r${i + 1}`, String(i + 1))),
  );
  const seen: number[] = [];
  let page = await sessions.history(key, { limit });
  for (;;) {
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    seen.unshift(...page.rows.map((row) => row.seq));
    if (!page.hasMore) break;
    page = await sessions.history(key, { limit, before: seen[0] ?? 0 });
    expect(page.rows).not.toBeEmpty();
  }
  expect(seen).toEqual([2, ...Array.from({ length: 60 }, (_, i) => 133 + i)]);
});

test("those who follow are told in order; one that throws stops nobody; one that left hears nothing", async () => {
  await using house = openHouse();
  const { sessions, lines } = house;
  sessions.subscribe(() => {
    throw new Error("listener down");
  });
  const notices = collect(sessions);
  let seenState: unknown;
  const leave = sessions.subscribe((notice) => {
    if (notice.type === "appended") void sessions.state(notice.key).then((state) => (seenState = state?.headSeq));
  });
  await sessions.append(key, [received("r1", "hello")]);
  sessions.stream(key, { kind: "TextDelta", runId: "r1", text: "he" });
  leave();
  await sessions.append(key, [answered("r1", "hello")]);
  expect(notices.map((notice) => notice.type)).toEqual(["appended", "delta", "appended"]);
  expect(notices[1]).toEqual({
    type: "delta",
    key,
    agentId: "main",
    delta: { kind: "TextDelta", runId: "r1", text: "he" },
  });
  expect(seenState).toBe(2);
  expect(lines.filter((line) => line.includes("listener down"))).toHaveLength(3);
});

test("a small memory forgets idle sessions and finds them again", async () => {
  await using house = openHouse({ cacheBytes: 30_000 });
  const { sessions } = house;
  const keys = Array.from({ length: 20 }, (_, i) => `agent:main:s${i}`);
  await Promise.all(keys.map((one) => sessions.append(one, [received(one, `${one} ${"x".repeat(2_000)}`)])));
  const states = await Promise.all(keys.map(async (one) => snapshot(await sessions.state(one))));
  expect(states.map((state) => state?.key)).toEqual(keys);
  await Promise.all(keys.map((one) => sessions.append(one, [answered(one, "ok")])));
  for (const one of keys) expect(await sessions.state(one)).toMatchObject({ headSeq: 3, summary: { preview: "ok" } });
  const reads = house.reads();
  await sessions.state(keys.at(-1) ?? "");
  expect(house.reads()).toBe(reads);
  await sessions.state(keys[0] ?? "");
  expect(house.reads()).toBeGreaterThan(reads);
});

test("closing waits for what is on its way, and takes no more", async () => {
  await using house = openHouse();
  const { sessions } = house;
  const waiting = Array.from({ length: 5 }, (_, i) => sessions.append(key, [received(`r${i}`, "x")]));
  await sessions[Symbol.asyncDispose]();
  expect((await Promise.all(waiting)).every((appended) => appended.taken)).toBe(true);
  await expect(sessions.append(key, [received("late", "x")])).rejects.toMatchObject({ code: "shuttingDown" });
  await expect(sessions.reset(key)).rejects.toMatchObject({ code: "shuttingDown" });
});

test("the settings have defaults that check", () => {
  expect(Value.Create(storageSettings)).toMatchObject({ url: "sqlite" });
  expect(Value.Create(sessionSettings)).toMatchObject({ cacheMegabytes: 8, dmScope: "main", identityLinks: {} });
});

interface House extends AsyncDisposable {
  readonly sessions: Sessions;
  readonly storage: Storage;
  readonly path: string;
  readonly lines: readonly string[];
  readonly tamper: (sql: string) => void;
  /** How often the storage was asked for a session by its key. */
  readonly reads: () => number;
}

function openHouse(options: { readonly cacheBytes?: number; readonly mostBytes?: number } = {}): House {
  const folder = tempFolder();
  const path = join(folder.path, "state.db");
  const bound = options.mostBytes === undefined ? {} : { mostBytes: options.mostBytes };
  const storage = openSqlite({ path, log: silentLog, clock: systemClock, ...bound });
  return houseOf(storage, { path, cacheBytes: options.cacheBytes ?? 8_000_000, done: () => folder[Symbol.dispose]() });
}

/** The same disk seen by a process that knows nothing yet. */
function reopened({ path }: House): House {
  return houseOf(openSqliteFile(path), { path, cacheBytes: 8_000_000, done: () => {} });
}

function houseOf(
  storage: Storage,
  { path, cacheBytes, done }: { path: string; cacheBytes: number; done: () => void },
): House {
  const lines: string[] = [];
  let reads = 0;
  const watched = new Proxy(storage, {
    get(target, name) {
      if (name === "sessionByKey") reads += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const log = createLog({ level: "warn", write: (line) => lines.push(line) });
  const sessions = createSessions({ storage: watched, log, clock: systemClock, cacheBytes });
  return {
    sessions,
    storage,
    path,
    lines,
    tamper: (sql) => {
      using db = new Database(path);
      db.run(sql);
    },
    reads: () => reads,
    [Symbol.asyncDispose]: async () => {
      await sessions[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
      done();
    },
  };
}

/** What can be compared: a state without its function. */
function snapshot(state: Awaited<ReturnType<Sessions["state"]>>) {
  if (!state) return undefined;
  const { conversationUpTo: _upTo, ...rest } = state;
  return rest;
}

function collect(sessions: Sessions): SessionNotice[] {
  const notices: SessionNotice[] = [];
  sessions.subscribe((notice) => notices.push(notice));
  return notices;
}

function toolResult(runId: string, callId: string, result: string) {
  return { kind: "ToolResult", runId, callId, tool: "clock", success: true, result, durationMs: 1 } as const;
}

function sent(text: string, runId?: string): SessionEvent {
  return { kind: "MessageSent", messageId: "p1", to: address, text, ...(runId === undefined ? {} : { runId }) };
}

function wholeTurn(turn: number, calls: number): SessionEvent[] {
  const runId = `run${turn}`;
  const toolCalls = Array.from({ length: calls }, (_, i) => ({ ...call, id: `c${i}` }));
  return [
    received(runId, `question ${turn}`),
    answered(runId, "", { stopReason: "toolUse", toolCalls }),
    ...toolCalls.flatMap(({ id }): SessionEvent[] => [
      { kind: "ToolCalled", runId, callId: id, tool: "clock", params: {} },
      toolResult(runId, id, `result ${turn}`),
    ]),
    answered(runId, `answer ${turn}`),
  ];
}

function expectPaired(conversation: readonly ConversationMessage[]): void {
  let owed: string[] = [];
  for (const message of conversation) {
    if (message.role === "tool") {
      expect(owed).toContain(message.callId);
      owed = owed.filter((id) => id !== message.callId);
      continue;
    }
    expect(owed).toEqual([]);
    owed = message.role === "assistant" ? message.toolCalls.map(({ id }) => id) : [];
  }
  expect(owed).toEqual([]);
}

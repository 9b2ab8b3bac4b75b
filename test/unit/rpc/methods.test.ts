import { type Fault, noUsage } from "#protocol";
import { methods } from "#rpc";
import { Value } from "@sinclair/typebox/value";
import { expect, test } from "bun:test";
import { HeldSocket, House, openRpc, operator, request, rightToken, peer } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

/** A house with one session in it, and RPC on top; every answer is checked against what the method says it answers. */
function open() {
  const house = new House();
  const rpc = openRpc(house);
  return {
    house,
    call: async (name: string, params: unknown = {}): Promise<Record<string, unknown>> => {
      const result = await rpc.call(name, params, operator(rpc));
      const method = methods.find((one) => one.name === name);
      if (method) expect([...Value.Errors(method.result, JSON.parse(JSON.stringify(result)))]).toEqual([]);
      return result as Record<string, unknown>;
    },
    refusal: async (name: string, params: unknown): Promise<Fault> => {
      const caught: unknown = await rpc.call(name, params, operator(rpc)).catch((error: unknown) => error);
      return caught as Fault;
    },
  };
}

const texts = (page: Record<string, unknown>) =>
  (page["messages"] as { seq: number; content: { text: string }[] }[]).map((row) => row.content[0]?.text);

const hello = { sessionKey: "Main", message: "hello", idempotencyKey: "key-1" };

test("chat.send hands the message on under its idempotency key, and says how a repeated one stands", async () => {
  const { house, call } = open();
  expect(await call("chat.send", hello)).toEqual({ runId: "key-1", status: "started" });
  expect(house.taken.get("key-1")?.message).toEqual({
    id: "key-1",
    runId: "key-1",
    sessionKey: "main",
    from: { channel: "webchat", chat: "main" },
    sender: "operator",
    text: "hello",
  });
  for (const [status, told] of [
    ["running", "in_flight"],
    ["queued", "in_flight"],
    ["ok", "ok"],
    ["aborted", "aborted"],
    ["error", "error"],
  ] as const) {
    const run = house.taken.get("key-1");
    if (run) run.status = status;
    expect(await call("chat.send", hello)).toEqual({ runId: "key-1", status: told });
  }
});

test("chat.send makes a key where none is given, another each time", async () => {
  const { house, call } = open();
  const first = await call("chat.send", { sessionKey: "main", message: "hello" });
  const second = await call("chat.send", { sessionKey: "main", message: "hello" });
  expect([...house.taken.keys()]).toEqual([String(first["runId"]), String(second["runId"])]);
  expect(first["runId"]).not.toBe(second["runId"]);
});

test.each([
  ["laneFull", "queueFull", 1_000],
  ["queueFull", "queueFull", 2_000],
  ["closing", "shuttingDown", 1_000],
  ["conflict", "idempotencyConflict", undefined],
] as const)("a message the gateway refuses because of %s is the fault %s", async (because, code, retryAfterMs) => {
  const { house, refusal } = open();
  house.refusal = because;
  const fault = await refusal("chat.send", hello);
  expect(fault.code).toBe(code);
  expect(fault.data["retryAfterMs"]).toBe(retryAfterMs);
  expect(fault.isRetryable).toBe(retryAfterMs !== undefined);
});

test.each([
  ["an empty message", { message: "" }, "message"],
  ["a message of spaces", { message: " \n\t " }, "message"],
  ["a message of too many bytes", { message: "ü".repeat(131_073) }, "message"],
  ["a message that is none", { message: 7 }, "message"],
  ["no message", { message: undefined }, "message"],
  ["a key that is none", { sessionKey: "../../etc" }, "sessionKey"],
  ["an empty key", { sessionKey: "" }, "sessionKey"],
  ["a key without end", { sessionKey: "a".repeat(10_000) }, "sessionKey"],
  ["an empty idempotency key", { idempotencyKey: "" }, "idempotencyKey"],
  ["a long idempotency key", { idempotencyKey: "k".repeat(129) }, "idempotencyKey"],
  ["an idempotency key with a line break", { idempotencyKey: "a\nb" }, "idempotencyKey"],
  ["an idempotency key with half a character", { idempotencyKey: "a\ud800" }, "idempotencyKey"],
])("chat.send refuses %s and takes nothing", async (_what, change, path) => {
  const { house, refusal } = open();
  const params = JSON.parse(JSON.stringify({ ...hello, ...change })) as unknown;
  expect(await refusal("chat.send", params)).toMatchObject({ code: "invalidParams", data: { path } });
  expect(house.taken.size).toBe(0);
});

test("half of a surrogate pair in a message becomes a replacement character before anything is promised", async () => {
  const { house, call } = open();
  await call("chat.send", { ...hello, message: "a\ud800b" });
  expect(house.taken.get("key-1")?.message.text).toBe("a\ufffdb");
});

test("chat.history pages backwards, and knows of no message in a session that is not there", async () => {
  const { house, call } = open();
  for (let i = 0; i < 5; i++) await call("chat.send", { sessionKey: "main", message: `m${i}` });
  const newest = await call("chat.history", { sessionKey: "main", limit: 2 });
  expect([texts(newest), newest["hasMore"]]).toEqual([["m3", "m4"], true]);
  const oldest = await call("chat.history", { sessionKey: "main", before: 3 });
  expect([texts(oldest), oldest["hasMore"]]).toEqual([["m0", "m1"], false]);
  expect(await call("chat.history", { sessionKey: "nobody" })).toEqual({
    sessionKey: "nobody",
    messages: [],
    hasMore: false,
  });
  expect(house.log.has("nobody")).toBe(false);
});

test("a page of history that would not fit into an answer holds the newest that do, and says that there are more", async () => {
  const { call } = open();
  const long = "x".repeat(250_000);
  for (let i = 0; i < 30; i++) await call("chat.send", { sessionKey: "main", message: `${i} ${long}` });
  const page = await call("chat.history", { sessionKey: "main" });
  const seqs = (page["messages"] as { seq: number }[]).map((row) => row.seq);
  expect(page["hasMore"]).toBe(true);
  expect(seqs.at(-1)).toBe(30);
  expect(seqs.length).toBeGreaterThan(10);
  expect(seqs.length).toBeLessThan(20);
});

test("chat.abort tells which runs it stopped", async () => {
  const { call } = open();
  await call("chat.send", { ...hello, idempotencyKey: "a" });
  await call("chat.send", { ...hello, idempotencyKey: "b" });
  expect(await call("chat.abort", { sessionKey: "main", runId: "b" })).toEqual({
    ok: true,
    aborted: true,
    runIds: ["b"],
  });
  expect(await call("chat.abort", { sessionKey: "main" })).toEqual({ ok: true, aborted: true, runIds: ["a"] });
  expect(await call("chat.abort", { sessionKey: "main" })).toEqual({ ok: true, aborted: false, runIds: [] });
});

test("message.send says sent only when it was", async () => {
  const { house, call, refusal } = open();
  expect(await call("message.send", { channel_id: "webchat", chat_id: "7", text: "hi" })).toEqual({
    message_id: "m1",
    sent: true,
  });
  expect(house.sent).toEqual([{ channel: "webchat", chat: "7", text: "hi" }]);
  expect(await refusal("message.send", { channel_id: "fax", chat_id: "7", text: "hi" })).toMatchObject({
    code: "channelNotFound",
  });
  expect(await refusal("message.send", { channel_id: "webchat", chat_id: "7", text: " " })).toMatchObject({
    data: { path: "text" },
  });
});

test("a session is listed, read, changed, begun anew and deleted", async () => {
  const { call, refusal } = open();
  await call("chat.send", hello);
  const row = { key: "main", sessionId: "s-main", agentId: "main", messageCount: 1, hasActiveRun: true };
  expect(await call("sessions.list")).toMatchObject({ sessions: [row] });
  expect(await call("sessions.get", { sessionKey: "main" })).toMatchObject({ session: row });
  expect(await call("sessions.patch", { sessionKey: "main", label: "Work", thinking: "high" })).toMatchObject({
    session: { label: "Work", thinking: "high" },
  });
  const { session } = await call("sessions.patch", { sessionKey: "main", label: null });
  expect(session).toMatchObject({ thinking: "high" });
  expect(session).not.toHaveProperty("label");
  await call("chat.abort", { sessionKey: "main" });
  expect(await call("sessions.get", { sessionKey: "main" })).toMatchObject({ session: { hasActiveRun: false } });
  expect(await call("sessions.reset", { sessionKey: "main" })).toEqual({ ok: true, reset: true });
  expect(await call("sessions.reset", { sessionKey: "main" })).toEqual({ ok: true, reset: false });
  await call("chat.send", { ...hello, idempotencyKey: "again" });
  expect(await call("sessions.delete", { sessionKey: "main" })).toEqual({ ok: true, deleted: true });
  expect(await call("sessions.delete", { sessionKey: "main" })).toEqual({ ok: true, deleted: false });
  for (const name of ["sessions.get", "sessions.patch", "sessions.export"]) {
    expect(await refusal(name, { sessionKey: "main" })).toMatchObject({
      code: "sessionNotFound",
      data: { key: "main" },
    });
  }
});

test("sessions.patch takes any model of a provider that is there, and helps with one that is not", async () => {
  const { call, refusal } = open();
  await call("chat.send", hello);
  const choose = { sessionKey: "main", model: "demo/not-listed" };
  expect(await call("sessions.patch", choose)).toMatchObject({ session: { model: "demo/not-listed" } });
  const near = await refusal("sessions.patch", { ...choose, model: "dema/demo" });
  expect(near.message).toBe("There is no model “dema/demo”; did you mean “demo/demo”?");
  const far = await refusal("sessions.patch", { ...choose, model: "mainframe" });
  expect(far.message).toContain("one of the providers demo");
  expect(await refusal("sessions.patch", { ...choose, model: "demo/" })).toMatchObject({ code: "modelNotFound" });
});

test("sessions.export gives every event once, page by page", async () => {
  const { call } = open();
  for (let i = 0; i < 7; i++) await call("chat.send", { sessionKey: "main", message: `m${i}` });
  const seqs: number[] = [];
  for (let after = 0, hasMore = true; hasMore; after = seqs.at(-1) ?? 0) {
    const page = await call("sessions.export", { sessionKey: "main", after, limit: 3 });
    seqs.push(...(page["events"] as { seq: number }[]).map((event) => event.seq));
    hasMore = page["hasMore"] === true;
  }
  expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("the configuration is read without its secrets, and changed only where it is still the one that was read", async () => {
  const { house, call, refusal } = open();
  const read = [
    await call("config.get"),
    await call("config.get", { path: "gateway.auth.token" }),
    await call("config.schema"),
  ];
  expect(JSON.stringify(read)).not.toContain("the-configured-token");
  expect(JSON.stringify(read[1])).toBe('{"value":"[secret]","hash":"hash-1"}');
  expect(await refusal("config.get", { path: "no.such" })).toMatchObject({ code: "configInvalid" });
  const patch = { gateway: { port: 1 } };
  expect(await call("config.patch", { patch, baseHash: "hash-1" })).toEqual({
    changed: ["gateway"],
    restartRequired: [],
    hash: "hash-1",
  });
  expect(await refusal("config.patch", { patch, baseHash: "hash-0" })).toMatchObject({ code: "configConflict" });
  expect(house.patches).toEqual([patch]);
});

test("agent takes a message as chat.send does, and agent.wait tells what became of it", async () => {
  const { house, call, refusal } = open();
  const asked = { message: "hello", idempotencyKey: "r1" };
  expect(await call("agent", asked)).toMatchObject({ runId: "r1", sessionKey: "main", status: "accepted" });
  expect(await call("agent", asked)).toMatchObject({ status: "in_flight" });
  expect(await call("agent.wait", { runId: "r1", timeoutMs: 1 })).toMatchObject({ status: "timeout", text: "" });

  const waiting = call("agent.wait", { runId: "r1" });
  const answer = { kind: "AgentResponse", runId: "r1", provider: "demo", model: "demo", usage: noUsage } as const;
  house.append("main", { ...answer, text: "Let me see.", toolCalls: [], stopReason: "toolUse" });
  house.append("main", { ...answer, text: "Good day.", toolCalls: [], stopReason: "stop" });
  const ended = { status: "ok", sessionKey: "main", stopReason: "stop", text: "Let me see.\n\nGood day." };
  expect(await waiting).toMatchObject(ended);
  expect(await call("agent.wait", { runId: "r1" })).toMatchObject(ended);
  expect(await refusal("agent.wait", { runId: "nobody" })).toMatchObject({ code: "runNotFound" });
});

test("who stops waiting for a run is not kept", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  await rpc.call("agent", { message: "hello", idempotencyKey: "r1" }, operator(rpc));
  const caller = new AbortController();
  const from = { ...operator(rpc), signal: caller.signal };
  const waiting = rpc.call("agent.wait", { runId: "r1" }, from).catch((error: unknown) => error);
  await Bun.sleep(0);
  caller.abort();
  expect(await waiting).toMatchObject({ code: "internal" });
});

test("a session is opened with its settings, and what is there stays as it is", async () => {
  const { house, call, refusal } = open();
  expect(await call("sessions.describe", { sessionKey: "plans" })).toEqual({ session: null });
  expect(await call("sessions.create", { sessionKey: "plans", label: "Plans" })).toMatchObject({
    created: true,
    session: { key: "plans", label: "Plans" },
  });
  expect(await call("sessions.create", { sessionKey: "plans", thinking: "low" })).toMatchObject({
    created: false,
    session: { label: "Plans", thinking: "low" },
  });
  expect(house.log.get("plans")).toHaveLength(1);
  expect(await call("sessions.describe", { sessionKey: "plans" })).toMatchObject({ session: { key: "plans" } });
  const [one, other] = [await call("sessions.create"), await call("sessions.create")];
  expect(one["session"]).not.toEqual(other["session"]);
  expect(await refusal("sessions.create", { model: "nope/x" })).toMatchObject({ code: "modelNotFound" });
  expect(await call("chat.startup", { sessionKey: "plans" })).toMatchObject({
    messages: [],
    models: [{ id: "demo/demo" }],
  });
});

test.each(["sessions.subscribe", "sessions.unsubscribe"])(
  "%s is for a socket: a single call hears nothing",
  async (name) => {
    const { refusal } = open();
    expect(await refusal(name, {})).toMatchObject({ code: "invalidRequest" });
  },
);

test("a JSON-RPC client that subscribes is told of sessions, others are not", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const join = () => {
    const socket = new HeldSocket();
    return { socket, line: rpc.open(socket, peer({ token: rightToken })) };
  };
  const [follower, other] = [join(), join()];
  follower.line.receive(request(1, "sessions.subscribe"));
  await until("the answer", () => follower.socket.answer(1));
  house.append("main", { kind: "StateChanged", key: "label", value: "x" });
  expect(follower.socket.events("sessions.changed")).toEqual([{ seq: 1, sessionKey: "main", reason: "patch" }]);
  expect(other.socket.texts).toEqual([]);
  follower.line.receive(request(2, "sessions.unsubscribe"));
  await until("the answer", () => follower.socket.answer(2));
  house.append("main", { kind: "StateChanged", key: "label", value: "y" });
  expect(follower.socket.events("sessions.changed")).toHaveLength(1);
});

test("what is there can be listed", async () => {
  const { call } = open();
  expect(await call("agents.list")).toEqual({
    defaultId: "main",
    agents: [{ id: "main", isDefault: true, model: "demo/demo", tools: ["clock"] }],
  });
  expect(Object.values(await call("system-presence"))).toEqual([]);
  expect(await call("models.list")).toMatchObject({ models: [{ id: "demo/demo", isDefault: true }] });
  expect(await call("channels.status")).toMatchObject({ channels: [{ id: "webchat", state: "online" }] });
  expect(await call("health")).toMatchObject({ ok: true });
  expect(await call("status")).toMatchObject({ version: "1.2.3" });
  expect(await call("connections.list")).toEqual({ connections: [] });
  expect(await call("ping")).toMatchObject({ pong: true });
  expect(await call("connect")).toMatchObject({
    connectionId: "http",
    server: { version: "1.2.3" },
    methods: methods.map(({ name }) => name),
  });
});

test("a closed RPC takes no call", async () => {
  const house = new House();
  const rpc = openRpc(house);
  const from = operator(rpc);
  await rpc[Symbol.asyncDispose]();
  await expect(rpc.call("ping", {}, from)).rejects.toMatchObject({ code: "shuttingDown" });
  expect(house.listeners.size).toBe(0);
});

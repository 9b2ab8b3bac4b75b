import { noUsage, type SessionEvent } from "#protocol";
import { expect, test } from "bun:test";
import { OpenClawSocket } from "../../support/openclaw-socket.ts";
import { HeldSocket, House, openRpc, rightToken, peer } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

const received = (runId: string): SessionEvent => ({
  kind: "MessageReceived",
  runId,
  messageId: runId,
  from: { channel: "webchat", chat: "main" },
  sender: "operator",
  text: "question",
});

const answered = (runId: string, stopReason: "stop" | "error" | "aborted" = "stop"): SessionEvent => ({
  kind: "AgentResponse",
  runId,
  text: "answer",
  toolCalls: [],
  stopReason,
  ...(stopReason === "error" && { problem: { kind: "modelDown", message: "The model is down." } }),
  provider: "demo",
  model: "demo",
  usage: noUsage,
});

const called = (runId: string): SessionEvent => ({
  kind: "ToolCalled",
  runId,
  callId: "c1",
  tool: "clock",
  params: {},
});

function delta(house: House, text: string, kind: "TextDelta" | "ThinkingDelta" = "TextDelta") {
  house.notice({ type: "delta", key: "main", agentId: "main", delta: { kind, runId: "r1", text } });
}

test.each<[string, string, unknown, string]>([
  ["no JSON", "{", "invalid", "a frame is a JSON object"],
  ["a list", "[]", "invalid", "a frame is a JSON object"],
  ["no id", '{"type":"req","method":"health"}', "invalid", "id is a string"],
  ["an empty id", '{"type":"req","id":"","method":"health"}', "invalid", "id is a string"],
  ["a number for an id", '{"type":"req","id":7,"method":"health"}', 7, "id is a string"],
  ["no method", '{"type":"req","id":"x"}', "x", "method is a string"],
  ["another type", '{"type":"event","id":"x"}', "x", 'type is "req"'],
  ["what is nested too deep", `{"type":"req","id":"x","params":${"[".repeat(100)}`, "invalid", "nested"],
])("%s is answered, and the socket stays open", async (_what, text, id, problem) => {
  await using rpc = openRpc(new House());
  const client = await OpenClawSocket.connected(rpc);
  client.line.receive(text);
  const { ok, error } = await client.answer(id);
  expect(ok).toBe(false);
  expect(error?.code).toBe("INVALID_REQUEST");
  expect(error?.message).toStartWith("invalid request frame: ");
  expect(error?.message).toContain(problem);
  expect(client.socket.closed).toBeUndefined();
});

test.each<[string, readonly string[], string, unknown, object]>([
  [
    "an unknown method",
    ["operator.admin"],
    "no.such",
    {},
    { code: "INVALID_REQUEST", message: "unknown method: no.such" },
  ],
  [
    "an unknown method of who may not know",
    ["operator.write"],
    "no.such",
    {},
    {
      code: "FORBIDDEN",
      details: { code: "MISSING_SCOPE", missingScope: "operator.admin", requiredScopes: ["operator.admin"] },
    },
  ],
  [
    "a method for others",
    ["operator.pairing"],
    "health",
    {},
    { code: "FORBIDDEN", message: "missing scope: operator.read" },
  ],
  [
    "a param that is missing",
    ["operator.write"],
    "chat.send",
    { sessionKey: "main", idempotencyKey: "k" },
    { code: "INVALID_REQUEST", message: "invalid chat.send params: at /message: it is missing" },
  ],
  [
    "a param that does not fit a method of ours",
    ["operator.read"],
    "sessions.describe",
    { key: "!!" },
    { code: "INVALID_REQUEST", message: "invalid sessions.describe params: at /key: it is no session key" },
  ],
  [
    "params that are a list",
    ["operator.read"],
    "health",
    [],
    { code: "INVALID_REQUEST", message: expect.stringContaining("invalid health params: at root: ") },
  ],
  [
    "a file without its content",
    ["operator.write"],
    "chat.send",
    { sessionKey: "main", message: "x", idempotencyKey: "k", attachments: [{ fileName: "a.png" }] },
    { code: "INVALID_REQUEST", message: expect.stringContaining("/attachments/0/content") },
  ],
  [
    "another agent than there is",
    ["operator.write"],
    "agent",
    { message: "x", idempotencyKey: "k", agentId: "other" },
    { code: "INVALID_REQUEST", message: "invalid agent params: at /agentId: there is no such agent" },
  ],
])("%s is refused in the words that clients know", async (_what, scopes, method, params, error) => {
  await using rpc = openRpc(new House());
  const client = await OpenClawSocket.connected(rpc, scopes);
  expect((await client.ask(method, params)).error).toMatchObject(error);
});

test("what may succeed later is unavailable, with how long to wait; what broke is so without its cause", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc);
  house.refusal = "queueFull";
  const send = { sessionKey: "main", message: "x", idempotencyKey: "k" };
  expect((await client.ask("chat.send", send)).error).toMatchObject({
    code: "UNAVAILABLE",
    details: { code: "QUEUE_FULL" },
    retryable: true,
    retryAfterMs: 2_000,
  });
  house.status = () => Promise.reject(new Error("the password is hunter2"));
  const broken = (await client.ask("status")).error;
  expect(broken).toMatchObject({ code: "UNAVAILABLE", retryable: false, details: { code: "INTERNAL" } });
  expect(JSON.stringify(broken)).not.toContain("hunter2");
});

test("params may be left out, and others than we know may come along", async () => {
  await using rpc = openRpc(new House());
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  client.send("1", "system-presence");
  expect((await client.answer("1")).payload).toMatchObject([{ mode: "openclaw", text: "gateway-client 1" }]);
  expect((await client.ask("health", { probe: true, later: 1 })).payload).toMatchObject({ ok: true });
});

test("events are numbered for each connection, from 1, and presence says of which state it is", async () => {
  const house = new House();
  await using rpc = openRpc(house, { limits: { presenceMs: 1 } });
  const first = await OpenClawSocket.connected(rpc);
  await until("the first presence", () => first.events("presence")[0]);
  const second = await OpenClawSocket.connected(rpc);
  await until("the second presence", () => second.events("presence")[0]);
  expect(first.events("presence").map(({ seq, stateVersion }) => [seq, stateVersion?.["presence"]])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(second.events("presence").map(({ seq }) => seq)).toEqual([1]);
  expect(first.events("presence")[1]?.payload).toMatchObject({ presence: [{}, {}] });
});

test("who may not read is told that the gateway lives, and that it stops, and nothing else", async () => {
  const house = new House();
  const rpc = openRpc(house, { limits: { tickMs: 5, presenceMs: 1 } });
  const client = await OpenClawSocket.connected(rpc, []);
  house.append("main", received("r1"));
  house.append("main", answered("r1"));
  await until("a tick", () => client.events("tick")[0]);
  await rpc[Symbol.asyncDispose]();
  expect(new Set(client.frames.flatMap(({ event }) => event ?? []))).toEqual(new Set(["tick", "shutdown"]));
  expect(client.frames.at(-1)).toMatchObject({ event: "shutdown", payload: { reason: "the gateway is stopping" } });
  expect(client.socket.closed).toEqual({ code: 1012, reason: "service restart" });
});

test("each dialect is told in its own words, and in no other", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  const other = new HeldSocket();
  rpc.open(other, peer({ token: rightToken }));
  house.append("main", received("r1"));
  house.append("main", answered("r1"));
  await until("the end", () => client.events("chat")[0]);
  expect(client.frames.every(({ type }) => type === "res" || type === "event")).toBe(true);
  expect(other.texts.every((text) => text.startsWith('{"jsonrpc"'))).toBe(true);
  expect(other.events("chat")).toHaveLength(1);
});

test("one who comes with the token in the header and speaks this is told nothing in JSON-RPC from then on", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = new OpenClawSocket(rpc, { token: rightToken });
  house.append("main", received("r0"));
  expect(client.socket.texts.splice(0)).not.toEqual([]);
  client.connect({ auth: {}, scopes: ["operator.read"] });
  await client.answer("0");
  house.append("main", answered("r1"));
  await until("the end", () => client.events("chat")[0]);
  expect(client.socket.texts.join("")).not.toContain("jsonrpc");
  expect(client.frames.find(({ seq }) => seq !== undefined)?.seq).toBe(1);
});

test("pieces of an answer that come quickly are told together, and what is left with the end", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  house.append("main", received("r1"));
  delta(house, "think", "ThinkingDelta");
  for (const word of ["one ", "two ", "three "]) delta(house, word);
  const chat = () => client.events("chat").map(({ payload }) => payload ?? {});
  await until("the pieces", () => chat().some(({ message }) => JSON.stringify(message).includes("three")));
  delta(house, "four");
  house.append("main", { ...answered("r1"), text: "one two three four" } as SessionEvent);
  expect(chat().map(({ state, deltaText }) => [state, deltaText])).toEqual([
    ["delta", "one two three "],
    ["delta", "four"],
    ["final", undefined],
  ]);
  const agent = client.events("agent").map(({ payload }) => payload ?? {});
  expect(agent.map(({ stream, seq }) => [stream, seq])).toEqual([
    ["lifecycle", 1],
    ["lifecycle", 2],
    ["thinking", 3],
    ["assistant", 4],
    ["assistant", 5],
    ["lifecycle", 6],
    ["lifecycle", 7],
    ["lifecycle", 8],
  ]);
  const phases = agent.filter(({ stream }) => stream === "lifecycle").map(({ data }) => data);
  expect(phases).toMatchObject([
    { phase: "start" },
    { phase: "model", provider: "demo", model: "demo" },
    { phase: "finishing", stopReason: "stop" },
    { phase: "model", provider: null, model: null },
    { phase: "end", executionSettled: true, terminalReply: { text: "one two three four" } },
  ]);
  expect(agent[3]).toMatchObject({ runId: "r1", data: { text: "one two three ", delta: "one two three " } });
  expect(chat()[0]).toMatchObject({ seq: 4, sessionKey: "main" });
});

test("a row is told after all of it that was streamed", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  await client.ask("sessions.subscribe");
  house.append("main", received("r1"));
  delta(house, "ans");
  delta(house, "wer");
  house.append("main", { ...answered("r1"), stopReason: "toolUse" } as SessionEvent);
  const told = client.frames.flatMap(({ event, payload }) =>
    event === "chat" ? payload?.["deltaText"] : (event ?? []),
  );
  expect(told.filter((one) => one !== "agent")).toEqual([
    "session.message",
    "sessions.changed",
    "sessions.changed",
    "ans",
    "wer",
    "session.message",
  ]);
});

test.each([
  ["aborted", { state: "aborted", stopReason: "rpc" }, { phase: "end", aborted: true, status: "cancelled" }],
  ["error", { state: "error", errorMessage: "The model is down." }, { phase: "error", error: "The model is down." }],
] as const)("a run that ends with %s says so once", async (stopReason, chat, lifecycle) => {
  const house = new House();
  await using rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  house.append("main", answered("r1", stopReason));
  house.append("main", answered("r1", stopReason));
  expect(client.events("chat").map(({ payload }) => payload)).toMatchObject([chat]);
  expect(client.events("agent").at(-1)?.payload).toMatchObject({ stream: "lifecycle", data: lifecycle });
});

/** The names of the events a client was told, `agent` with its stream. */
function heard(client: OpenClawSocket): string[] {
  const names = client.frames.flatMap(({ event, payload }) =>
    event === "agent" ? `agent/${String(payload?.["stream"])}` : (event ?? []),
  );
  return [...new Set(names)].toSorted();
}

test("who is told of what depends on what he follows, can show, and has begun", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const scopes = ["operator.write"];
  const plain = await OpenClawSocket.connected(rpc, scopes);
  const follower = await OpenClawSocket.connected(rpc, scopes);
  const starter = await OpenClawSocket.connected(rpc, scopes, ["tool-events"]);
  const other = await OpenClawSocket.connected(rpc, scopes, ["tool-events"]);
  const scoped = await OpenClawSocket.connected(rpc, scopes, ["session-scoped-events"]);
  const reader = await OpenClawSocket.connected(rpc, scopes, ["session-scoped-events"]);
  expect((await follower.ask("sessions.subscribe")).payload).toEqual({ subscribed: true });
  expect((await reader.ask("sessions.messages.subscribe", { key: "main" })).payload).toEqual({
    subscribed: true,
    key: "main",
  });
  await starter.ask("chat.send", { sessionKey: "main", message: "hi", idempotencyKey: "r1" });
  house.append("main", called("r1"));
  house.append("main", answered("r1"));
  expect(heard(plain)).toEqual(["agent/lifecycle", "chat"]);
  expect(heard(follower)).toEqual(["agent/lifecycle", "chat", "session.message", "session.tool", "sessions.changed"]);
  expect(heard(starter)).toEqual(["agent/lifecycle", "agent/tool", "chat"]);
  expect(heard(other)).toEqual(["agent/lifecycle", "chat"]);
  expect(heard(scoped)).toEqual([]);
  expect(heard(reader)).toEqual(["agent/lifecycle", "chat", "session.message"]);
  await follower.ask("sessions.unsubscribe");
  await reader.ask("sessions.messages.unsubscribe", { key: "main" });
  const before = [follower.events("session.message").length, reader.frames.length];
  house.append("main", received("r2"));
  expect([follower.events("session.message").length, reader.frames.length]).toEqual(before);
});

test("a connection follows so many sessions one by one, and no more", async () => {
  await using rpc = openRpc(new House());
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  for (let i = 0; i < 256; i++) await client.ask("sessions.messages.subscribe", { key: `s${i}` });
  expect((await client.ask("sessions.messages.subscribe", { key: "one-more" })).error).toMatchObject({
    code: "UNAVAILABLE",
    details: { code: "TOO_MANY_REQUESTS" },
  });
  expect((await client.ask("sessions.messages.subscribe", { key: "s7" })).ok).toBe(true);
});

test("a frame that is too big ends it", async () => {
  await using rpc = openRpc(new House());
  const client = await OpenClawSocket.connected(rpc);
  client.line.receive(" ".repeat(1024 * 1024 + 1));
  expect(client.socket.closed).toEqual({ code: 1009, reason: "" });
});

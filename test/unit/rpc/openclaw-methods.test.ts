import { silentLog } from "#base";
import { noUsage, type SessionEvent } from "#protocol";
import { expect, test } from "bun:test";
import { HealthNews } from "../../../src/rpc/openclaw/health-news.ts";
import { resultProblems } from "../../support/openclaw-schema.ts";
import { OpenClawSocket } from "../../support/openclaw-socket.ts";
import { HeldSocket, House, openRpc, peer, rightToken } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

const received = (runId: string, text = "question"): SessionEvent => ({
  kind: "MessageReceived",
  runId,
  messageId: runId,
  from: { channel: "webchat", chat: "main" },
  sender: "operator",
  text,
});

const answered = (runId: string, text = "answer"): SessionEvent => ({
  kind: "AgentResponse",
  runId,
  text,
  toolCalls: [],
  stopReason: "stop",
  provider: "demo",
  model: "demo",
  usage: noUsage,
});

async function open(scopes: readonly string[] = ["operator.admin"]) {
  const house = new House();
  const rpc = openRpc(house);
  const client = await OpenClawSocket.connected(rpc, scopes);
  return {
    house,
    rpc,
    client,
    ask: async (method: string, params?: unknown) => {
      const { payload, error } = await client.ask(method, params);
      if (error) throw new Error(error.message);
      return payload;
    },
    [Symbol.asyncDispose]: () => rpc[Symbol.asyncDispose](),
  };
}

test.each<[string, object, unknown]>([
  ["agent.identity.get", {}, { agentId: "main", name: "OpenClaw" }],
  ["agent.identity.get", { agentId: "main", sessionKey: "main" }, { agentId: "main" }],
  ["commands.list", { includeArgs: false }, { commands: expect.any(Array) }],
  ["logs.tail", { limit: 5, maxBytes: 100, cursor: 3 }, { file: "gateway.log", lines: ["a line"], cursor: 7 }],
  ["question.list", {}, { questions: [] }],
  ["system.info", {}, { pid: 1, platform: process.platform, cpuCount: expect.any(Number) }],
  ["taskSuggestions.list", { sessionKey: "main" }, { suggestions: [] }],
  ["tools.catalog", { agentId: "main" }, { groups: [{ tools: [{ id: "clock" }] }] }],
  ["tools.effective", { sessionKey: "main" }, { groups: [{ tools: [{ id: "clock" }] }] }],
])("%s %j is answered in the shape that clients know", async (method, params, expected) => {
  await using house = await open();
  const result = await house.ask(method, params);
  expect(resultProblems(method, result)).toEqual([]);
  expect(result).toMatchObject(expected as object);
});

test.each<[string, unknown]>([
  ["exec.approval.list", []],
  ["last-heartbeat", null],
  ["openclaw.approval.list", []],
  ["plugin.approval.list", []],
  ["usage.status", { updatedAt: expect.any(Number), providers: [], refreshing: false }],
])("%s says that there is none", async (method, expected) => {
  await using house = await open();
  expect(await house.ask(method)).toEqual(expected as never);
});

test("another agent than there is has no tools and no name", async () => {
  await using house = await open();
  for (const method of ["agent.identity.get", "tools.catalog", "tools.effective"]) {
    await expect(house.ask(method, { agentId: "other", sessionKey: "main" })).rejects.toThrow("no such agent");
  }
});

test("a session is found by its key, its id or its label; of two with one label both are named", async () => {
  await using opened = await open();
  const { house, ask } = opened;
  for (const key of ["one", "two", "three"]) house.append(key, received("r"));
  house.settings.set("one", { label: "Plans" });
  house.settings.set("two", { label: "Both" });
  house.settings.set("three", { label: "Both" });
  const resolve = async (params: object) => {
    const found = await ask("sessions.resolve", params);
    expect(resultProblems("sessions.resolve", found)).toEqual([]);
    return found;
  };
  const one = { ok: true, key: "one", agentId: "main", displayName: "Plans" };
  expect(await resolve({ key: "ONE" })).toEqual(one);
  expect(await resolve({ sessionId: "s-one" })).toEqual(one);
  expect(await resolve({ label: "Plans" })).toEqual(one);
  expect(await resolve({ label: "Both" })).toMatchObject({ ok: false, candidates: [{ key: "two" }, { key: "three" }] });
  expect(await resolve({ label: "None", allowMissing: true })).toEqual({ ok: false });
  await expect(ask("sessions.resolve", { key: "nobody" })).rejects.toThrow("no session");
  await expect(ask("sessions.resolve", {})).rejects.toThrow("name a key");
});

test("a preview shows the end of each session, in short, and says which are not there", async () => {
  await using opened = await open(["operator.read"]);
  const { house, ask } = opened;
  house.append("one", received("r1", "first"));
  house.append("one", answered("r1", "a long answer"));
  house.append("two", { kind: "SessionStarted", key: "two", agentId: "main", channel: "internal" });
  const previews = await ask("sessions.preview", { keys: ["One", "two", "three"], limit: 1, maxChars: 6 });
  expect(previews).toMatchObject({
    previews: [
      { key: "One", status: "ok", items: [{ role: "assistant", text: expect.stringMatching(/^a lon/) }] },
      { key: "two", status: "empty", items: [] },
      { key: "three", status: "missing", items: [] },
    ],
  });
  const many = Array.from({ length: 65 }, (_, i) => `s${i}`);
  await expect(ask("sessions.preview", { keys: many })).rejects.toThrow("invalid sessions.preview params");
});

test("sessions are written to and stopped by their key, or by the run alone", async () => {
  await using opened = await open(["operator.write"]);
  const { house, ask } = opened;
  const sent = { key: "main", message: "hello", idempotencyKey: "r1" };
  expect(await ask("sessions.send", sent)).toEqual({ runId: "r1", status: "started" });
  expect(house.taken.get("r1")?.message).toMatchObject({ sessionKey: "main", text: "hello" });
  expect(await ask("sessions.abort", { runId: "r1" })).toEqual({ ok: true, abortedRunId: "r1", status: "aborted" });
  expect(await ask("sessions.abort", { key: "main" })).toMatchObject({ abortedRunId: null, status: "no-active-run" });
  await expect(ask("sessions.abort", { runId: "r9" })).rejects.toThrow("no active run");
  await expect(ask("sessions.abort")).rejects.toThrow("it is missing");
});

test("health is told from time to time while somebody listens, at once when it changes, and counts its changes", async () => {
  const house = new House();
  let isWell = true;
  let looks = 0;
  const services = {
    ...house.services,
    health: async () => {
      looks++;
      const status = isWell ? ("healthy" as const) : ("degraded" as const);
      return { status, ok: true, components: { gateway: status }, reasons: {} };
    },
  };
  await using rpc = openRpc(house, { limits: { tickMs: 2 }, services });
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  const told = () => client.events("health");
  await until("health, told twice", () => told()[1]);
  expect(told()[0]).toMatchObject({
    payload: { ok: true, status: "healthy", defaultAgentId: "main", channels: { webchat: { connected: true } } },
    stateVersion: { health: 0 },
  });
  isWell = false;
  const changed = await until("the change", () => told().find(({ payload }) => payload?.["status"] === "degraded"));
  expect(changed.stateVersion).toMatchObject({ health: 1 });
  const later = await OpenClawSocket.connected(rpc, ["operator.read"]);
  const hello = (await later.answer("0")).payload as { snapshot: { stateVersion: object } };
  expect(hello.snapshot.stateVersion).toMatchObject({ health: 1 });
  const other = new HeldSocket();
  rpc.open(other, peer({ token: rightToken }));
  later.line.closed();
  client.line.closed();
  const [before, ticks] = [looks, other.events("tick").length];
  await until("some ticks more", () => other.events("tick").length > ticks + 4);
  expect(looks).toBe(before);
});

test("a change of health is told at the look that sees it, and what stays as it is at every second one", async () => {
  const house = new House();
  const states: ("degraded" | "healthy")[] = ["healthy", "healthy", "healthy", "degraded", "healthy", "healthy"];
  const told: unknown[] = [];
  let at = 0;
  const health = async () => ({ status: states[at] ?? "healthy", ok: true, components: {}, reasons: {} });
  const tell = (payload: object) => told.push([at, (payload as { status: string }).status]);
  const news = new HealthNews({ services: { ...house.services, health }, log: silentLog, tell });
  for (; at < states.length; at++) await news.look();
  expect(told).toEqual([
    [0, "healthy"],
    [2, "healthy"],
    [3, "degraded"],
    [4, "healthy"],
  ]);
  expect(news.version).toBe(2);
});

test("who follows a session and wants the approvals that wait in it is told that there are none", async () => {
  await using house = await open(["operator.read"]);
  const followed = { key: "main", includeApprovals: true };
  expect(await house.ask("sessions.messages.subscribe", followed)).toMatchObject({
    subscribed: true,
    approvalReplay: { sessionKey: "main", approvals: [], truncated: false },
  });
  expect(await house.ask("sessions.messages.subscribe", { key: "main" })).toEqual({ subscribed: true, key: "main" });
});

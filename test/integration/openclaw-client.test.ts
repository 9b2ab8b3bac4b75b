import { expect, test } from "bun:test";
import { openOpenClawHouse as openHouse } from "../support/openclaw-house.ts";
import { resultProblems } from "../support/openclaw-schema.ts";
import { until } from "../support/until.ts";

const answerOf = (said: string) => ({ role: "assistant", content: [{ type: "text", text: said }] });

test("the original's client connects, is told what is served, and lists what there is", async () => {
  await using house = await openHouse([]);
  const { client } = house;
  const [hello] = client.hellos;
  expect(hello).toMatchObject({
    protocol: 4,
    server: { version: "1.2.3" },
    auth: { role: "operator", scopes: ["operator.admin"] },
    policy: { tickIntervalMs: 30_000 },
  });
  expect(await client.request("health")).toMatchObject({ ok: true, defaultAgentId: "main" });
  expect(await client.request("status")).toMatchObject({ runtimeVersion: "1.2.3" });
  for (const method of ["agents.list", "models.list", "channels.status"]) {
    expect(resultProblems(method, await client.request(method))).toEqual([]);
  }
  expect(await client.request("agents.list")).toMatchObject({
    agents: [{ id: "main", model: { primary: "fake/fake-1" } }],
  });
  expect(await client.request("sessions.list")).toMatchObject({ count: 0, sessions: [] });
  expect(await client.request("sessions.describe", { key: "main" })).toEqual({ session: null });
  expect(await client.request("chat.history", { sessionKey: "main" })).toMatchObject({ messages: [], hasMore: false });
  house.expectSchema();
});

test("every method that is advertised is there", async () => {
  await using house = await openHouse([]);
  const { methods = [], events = [] } = house.client.hellos[0]?.features ?? {};
  expect(methods.length).toBeGreaterThan(20);
  expect(events).toContain("chat");
  for (const method of methods) {
    const error = await house.client.request(method, { nonsense: { deep: 1 } }).then(
      () => undefined,
      (problem: Error) => problem,
    );
    expect(error?.message ?? "", method).not.toStartWith("unknown method");
  }
  await expect(house.client.request("no.such.method")).rejects.toThrow("unknown method: no.such.method");
});

test("a message is streamed to its end, over a tool, and stays in the history", async () => {
  await using house = await openHouse(
    [
      { parts: ["Let me ", "look.", { toolCall: { id: "c1", name: "write", args: { path: "n.txt", content: "x" } } }] },
      { parts: ["It is ", "written."] },
    ],
    { caps: ["tool-events"] },
  );
  const { client } = house;
  const onlooker = await house.join({ caps: [] });
  await onlooker.request("sessions.subscribe");
  const idempotencyKey = crypto.randomUUID();
  const send = { sessionKey: "main", message: "write a note", idempotencyKey, deliver: false };
  expect(await client.request("chat.send", send)).toEqual({ runId: idempotencyKey, status: "started" });
  const ending = await client.ending(idempotencyKey);

  const whole = "Let me look.\n\nIt is written.";
  expect(ending).toMatchObject({
    state: "final",
    stopReason: "stop",
    sessionKey: "agent:main:main",
    message: answerOf(whole),
  });
  const deltas = client.heard("chat", idempotencyKey).filter(({ state }) => state === "delta");
  expect(deltas.map(({ deltaText }) => deltaText).join("")).toBe(whole);
  expect(deltas.at(-1)).toMatchObject({ message: answerOf(whole) });

  const agent = client.heard("agent", idempotencyKey);
  expect(agent.map(({ seq }) => seq)).toEqual(agent.map((_, at) => at + 1));
  const phases = agent
    .filter(({ stream }) => stream === "lifecycle")
    .map(({ data }) => (data as { phase: string }).phase);
  expect(phases).toEqual(["start", "model", "finishing", "model", "end"]);
  const tools = agent.filter(({ stream }) => stream === "tool").map(({ data }) => data);
  expect(tools).toMatchObject([
    { phase: "start", name: "write", toolCallId: "c1", args: { path: "n.txt" } },
    { phase: "result", name: "write", toolCallId: "c1", isError: false },
  ]);

  await onlooker.ending(idempotencyKey);
  expect(onlooker.heard("agent", idempotencyKey).filter(({ stream }) => stream === "tool")).toEqual([]);
  expect(onlooker.heard("session.tool", idempotencyKey)).toHaveLength(2);
  await until("the end of the change", () => onlooker.heard("sessions.changed").some(({ phase }) => phase === "end"));
  expect(onlooker.heard("session.message").map(({ message }) => (message as { role: string }).role)).toEqual([
    "user",
    "assistant",
    "toolResult",
    "assistant",
  ]);
  expect(client.heard("session.message")).toEqual([]);
  expect(client.heard("sessions.changed")).toEqual([]);

  const history = await client.request<{ messages: Record<string, unknown>[] }>("chat.history", { sessionKey: "main" });
  expect(history.messages.map(({ role }) => role)).toEqual(["user", "assistant", "toolResult", "assistant"]);
  expect(history.messages[0]).toMatchObject({
    idempotencyKey: `${idempotencyKey}:user`,
    __openclaw: { idempotencyKey: `${idempotencyKey}:user`, seq: expect.any(Number), id: expect.any(String) },
  });
  expect(await client.request("sessions.list")).toMatchObject({
    count: 1,
    sessions: [{ key: "agent:main:main", kind: "direct", hasActiveRun: false, modelProvider: "fake", model: "fake-1" }],
  });
  expect(await client.request("chat.send", send)).toEqual({ runId: idempotencyKey, status: "ok" });
  expect(client.gaps).toEqual([]);
  house.expectSchema();
});

test("agent is answered twice: at once, and when it has ended", async () => {
  await using house = await openHouse(["Hello there."]);
  const accepted: unknown[] = [];
  const ended = await house.client.request(
    "agent",
    { message: "hello", agentId: "main", deliver: false, timeout: 600, idempotencyKey: "run-1" },
    { expectFinal: true, onAccepted: (payload: unknown) => accepted.push(payload) },
  );
  expect(ended).toMatchObject({
    runId: "run-1",
    status: "ok",
    result: { payloads: [{ text: "Hello there.", mediaUrl: null }], meta: { agentMeta: { provider: "fake" } } },
  });
  const frames = house.relay.said.map((text) => JSON.parse(text) as { payload?: { runId?: string; status?: string } });
  expect(frames.flatMap(({ payload }) => (payload?.runId === "run-1" ? (payload.status ?? []) : []))).toEqual([
    "accepted",
    "ok",
  ]);
  expect(await house.client.request("agent.wait", { runId: "run-1" })).toMatchObject({
    status: "ok",
    terminalReply: { disposition: "visible", text: "Hello there." },
  });
  house.expectSchema();
});

test("an abort ends the run for everyone, with what was said", async () => {
  await using house = await openHouse([{ parts: ["One ", "two ", new Promise(() => {}), "three"] }]);
  const { client } = house;
  await client.request("chat.send", { sessionKey: "main", message: "count", idempotencyKey: "run-1" });
  await until("all that is said", () =>
    client.heard("chat", "run-1").some(({ message }) => JSON.stringify(message).includes("two")),
  );
  expect(await client.request("chat.abort", { sessionKey: "main", preserveSideRuns: true })).toEqual({
    ok: true,
    aborted: true,
    runIds: ["run-1"],
  });
  expect(await client.ending("run-1")).toMatchObject({
    state: "aborted",
    stopReason: "rpc",
    message: { content: [{ text: "One two " }] },
  });
  expect(await client.request("agent.wait", { runId: "run-1" })).toMatchObject({
    status: "timeout",
    stopReason: "rpc",
  });
  house.expectSchema();
});

test("a model that fails ends the run with an error", async () => {
  await using house = await openHouse([]);
  const { client } = house;
  await client.request("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "run-1" });
  expect(await client.ending("run-1")).toMatchObject({
    state: "error",
    errorMessage: expect.stringContaining("no more replies"),
  });
  const failed = await client.request("agent.wait", { runId: "run-1" });
  expect(failed).toMatchObject({ status: "error", error: expect.any(String) });
  house.expectSchema();
});

test("sessions are made, set, listed by what they hold, begun anew and deleted", async () => {
  await using house = await openHouse(["hi"]);
  const { client } = house;
  const made = await client.request("sessions.create", {
    key: "tui-1",
    agentId: "main",
    label: "Plans",
    emitCommandHooks: true,
  });
  expect(made).toMatchObject({ ok: true, key: "agent:main:tui-1", entry: { label: "Plans" } });
  expect(resultProblems("sessions.create", made)).toEqual([]);
  expect(await client.request("sessions.patch", { key: "tui-1", thinkingLevel: "low" })).toMatchObject({
    ok: true,
    key: "agent:main:tui-1",
    entry: { thinkingLevel: "low", label: "Plans" },
    resolved: { modelProvider: "fake", model: "fake-1" },
  });
  await client.request("sessions.patch", { key: "tui-1", verboseLevel: "full" });
  expect(await client.request("sessions.describe", { key: "tui-1" })).toMatchObject({
    session: { verboseLevel: "full", thinkingLevel: "low" },
  });
  await client.request("sessions.patch", { key: "tui-1", verboseLevel: null });
  expect(await client.request("sessions.describe", { key: "tui-1" })).not.toMatchObject({
    session: { verboseLevel: expect.anything() },
  });
  expect(await client.request("status")).toMatchObject({
    sessions: { count: 1, recent: [{ key: "agent:main:tui-1", age: expect.any(Number) }], byAgent: [{ count: 1 }] },
  });
  await expect(client.request("sessions.patch", { key: "tui-1", thinkingLevel: "enormous" })).rejects.toThrow(
    "invalid sessions.patch params: at /thinkingLevel",
  );
  await expect(
    client.request("sessions.patch", { key: "tui-1", label: "x", expectedSessionId: "another" }),
  ).rejects.toThrow("another one by now");
  await expect(client.request("sessions.delete", { key: "tui-1", expectedSessionId: "another" })).rejects.toThrow(
    "another one by now",
  );
  expect(await client.request("sessions.list", { search: "plan" })).toMatchObject({ count: 1 });
  expect(await client.request("sessions.list", { spawnedBy: "agent:main:tui-1" })).toMatchObject({ count: 0 });
  expect(await client.request("sessions.subscribe", { limit: 5 })).toMatchObject({
    subscribed: true,
    list: { count: 1 },
  });
  expect(await client.request("sessions.reset", { key: "tui-1" })).toMatchObject({
    ok: true,
    entry: { label: "Plans" },
  });
  await until("the news of it", () => client.heard("sessions.changed").some(({ reason }) => reason === "reset"));
  const gone = await client.request("sessions.delete", { key: "tui-1" });
  expect(resultProblems("sessions.delete", gone)).toEqual([]);
  expect(gone).toMatchObject({ deleted: true });
  house.expectSchema();
});

test("a restart is announced, and the client comes back by itself", async () => {
  await using house = await openHouse(["hello", "again"]);
  const { client } = house;
  await client.request("chat.send", { sessionKey: "main", message: "one", idempotencyKey: "run-1" });
  await client.ending("run-1");
  await house.restart(() => until("the close", () => client.closes[0]));
  expect(client.heard("shutdown")).toHaveLength(1);
  expect(client.closes[0]).toEqual({ code: 1012, reason: "service restart" });
  await until("the second hello", () => client.hellos[1], 20_000);
  const history = await client.request<{ messages: unknown[] }>("chat.history", { sessionKey: "main" });
  expect(history.messages).toHaveLength(2);
  await client.request("chat.send", { sessionKey: "main", message: "two", idempotencyKey: "run-2" });
  expect(await client.ending("run-2")).toMatchObject({ state: "final" });
  house.expectSchema();
});

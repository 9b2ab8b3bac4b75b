import { newToken, Secret, silentLog } from "#base";
import { type Approver, createDevices } from "#devices";
import { type Fault, type Scope } from "#protocol";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Caller } from "../../../src/rpc/caller.ts";
import { type Nodes, openNodes } from "../../../src/rpc/nodes/nodes.ts";
import { Requests } from "../../../src/gateway/requests.ts";
import type { WireEvent } from "../../../src/rpc/wire-events.ts";
import { claims, FakeNodeLine } from "../../support/fake-node.ts";
import { HeldClock } from "../../support/rpc-house.ts";
import { openSqliteFile, tempFolder } from "../../support/storage.ts";
import { until } from "../../support/until.ts";

const nodeId = "a".repeat(64);
const other = "b".repeat(64);
const never = new AbortController().signal;
const admin = operator("operator.admin");

/** Nodes on real records of devices, with two that are paired. */
async function openHouse() {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(tempFolder());
  const storage = opened.use(openSqliteFile(join(folder.path, "x.sqlite")));
  const clock = new HeldClock();
  const key = new Secret(newToken());
  const devices = createDevices({ storage, key: () => key, clock, log: silentLog });
  const events: WireEvent[] = [];
  const nodes = await openNodes({
    devices: async () => devices,
    emit: (event) => events.push(event),
    clock,
    log: silentLog,
  });
  opened.defer(() => nodes.close());
  for (const deviceId of [nodeId, other]) {
    const { about } = claims([]);
    const proof = { by: "sharedSecret", isLocal: true } as const;
    const entrance = await devices.enter({ deviceId, publicKey: "k", about, role: "node", scopes: [], proof });
    expect(entrance.entered).toBeTrue();
  }
  const arrive = (id: string, commands: readonly string[]) => {
    const line = new FakeNodeLine(id);
    nodes.arrived(line, claims(commands));
    return line;
  };
  const held = opened.move();
  return {
    nodes,
    devices,
    clock,
    storage,
    arrive,
    heard: (name: WireEvent["name"]) =>
      events.filter((event) => event.name === name).map((event) => event.payload as Record<string, unknown>),
    /** Connected, and everything that it offers approved. */
    approved: async (id: string, commands: readonly string[]) => {
      const line = arrive(id, commands);
      const pending = await until("the request", async () =>
        (await nodes.pairs()).pending.find((request) => request.nodeId === id),
      );
      await nodes.approve(pending.requestId, admin);
      return line;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function operator(...scopes: Scope[]): Caller & Approver {
  return { id: "o", address: "", isAuthenticated: true, role: "operator", scopes: new Set(scopes) };
}

const refusal = (call: Promise<unknown>): Promise<Fault> =>
  call.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => error as Fault,
  );

/** The one request that a node has open. */
async function asked(line: FakeNodeLine, count = 1): Promise<Record<string, unknown> & { id: string }> {
  const request = await until("the request to the node", () => line.heard("node.invoke.request")[count - 1]);
  return { ...request, id: String(request["id"]) };
}

function which(nodes: Nodes, change: Partial<Parameters<Nodes["invoke"]>[0]> = {}, signal = never) {
  return nodes.invoke({ nodeId, command: "system.which", params: { bins: ["git"] }, ...change }, admin, signal);
}

test("what a node offers may be used once it is approved, and not before", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  const line = house.arrive(nodeId, ["system.which"]);
  expect(await refusal(which(nodes))).toMatchObject({ code: "nodeCommandNotAllowed" });
  expect((await nodes.list())[0]).toMatchObject({
    nodeId,
    connected: true,
    commands: [],
    caps: [],
    approvalState: "pending-approval",
  });
  const [request] = house.heard("node.pair.requested");
  expect(request).toMatchObject({
    nodeId,
    displayName: "laptop",
    commands: ["system.which"],
    requiredApproveScopes: ["operator.pairing"],
  });
  const approved = await nodes.approve(String(request?.["requestId"]), operator("operator.pairing"));
  expect(approved).toMatchObject({ nodeId, commands: ["system.which"], approvalState: "approved" });
  expect(line.heard("node.pair.resolved")).toMatchObject([{ nodeId, decision: "approved" }]);
  expect(house.heard("node.pair.resolved")).toMatchObject([{ nodeId, decision: "approved" }]);
  const answer = which(nodes);
  const { id, ...rest } = await asked(line);
  expect(rest).toEqual({
    nodeId,
    command: "system.which",
    paramsJSON: '{"bins":["git"]}',
    timeoutMs: 30_000,
    idempotencyKey: expect.any(String),
  });
  expect(nodes.answered({ id, nodeId, ok: true, payloadJSON: '{"bins":{}}' }, line.caller)).toBeTrue();
  expect(await answer).toEqual({ payload: { bins: {} }, payloadJson: '{"bins":{}}' });
});

test("SEC-12: a node that comes back with more commands has the old ones alone until an operator approves", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  await house.approved(nodeId, ["system.which"]);
  const line = house.arrive(nodeId, ["system.run", "system.which"]);
  expect(await refusal(which(nodes, { command: "system.run" }))).toMatchObject({
    code: "nodeCommandNotAllowed",
    data: { reason: "command not approved" },
  });
  const row = (await nodes.list()).find((one) => one.nodeId === nodeId);
  expect(row).toMatchObject({ commands: ["system.which"], approvalState: "pending-reapproval" });
  const requestId = String(row?.pendingRequestId);
  expect(await refusal(nodes.approve(requestId, operator("operator.pairing")))).toMatchObject({ code: "beyondCaller" });
  expect(line.heard("node.invoke.request")).toEqual([]);
  void which(nodes).catch(() => undefined);
  await asked(line);
  await nodes.approve(requestId, admin);
  void which(nodes, { command: "system.run" }).catch(() => undefined);
  expect(await asked(line, 2)).toMatchObject({ command: "system.run" });
});

test("what was approved and is not offered on this connection is refused", async () => {
  await using house = await openHouse();
  await house.approved(nodeId, ["device.info", "system.which"]);
  house.arrive(nodeId, ["device.info"]);
  expect(await refusal(which(house.nodes))).toMatchObject({ data: { reason: "command not declared by node" } });
});

test("a node that does not answer in time is told to stop, and its late answer is dropped", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  const answer = refusal(which(house.nodes, { timeoutMs: 20 }));
  const { id } = await asked(line);
  expect(await answer).toMatchObject({ code: "nodeTimedOut", data: { timeoutMs: 20 } });
  expect(line.heard("node.invoke.cancel")).toEqual([{ invokeId: id, nodeId }]);
  expect(house.nodes.answered({ id, nodeId, ok: true }, line.caller)).toBeFalse();
});

test("when everyone who waits has gone, the node is told to stop", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  const [first, second] = [new AbortController(), new AbortController()];
  const idempotencyKey = "k";
  const answers = [first, second].map(({ signal }) => refusal(which(house.nodes, { idempotencyKey }, signal)));
  await asked(line);
  first.abort();
  await answers[0];
  expect(line.heard("node.invoke.cancel")).toEqual([]);
  second.abort();
  await answers[1];
  expect(line.heard("node.invoke.cancel")).toHaveLength(1);
  expect(line.heard("node.invoke.request")).toHaveLength(1);
});

test("a newer connection of a node takes the place of the older, which is closed", async () => {
  await using house = await openHouse();
  const older = await house.approved(nodeId, ["system.which"]);
  const answer = refusal(which(house.nodes));
  const { id } = await asked(older);
  const newer = house.arrive(nodeId, ["system.which"]);
  expect(older.closed).toMatchObject({ code: 1008 });
  expect(await answer).toMatchObject({ code: "nodeLeft" });
  expect(house.nodes.answered({ id, nodeId, ok: true }, newer.caller)).toBeFalse();
  void which(house.nodes).catch(() => undefined);
  await asked(newer);
  expect((await house.nodes.list()).find((row) => row.nodeId === nodeId)).toMatchObject({ connected: true });
  expect(house.heard("node.presence").map(({ connected }) => connected)).toEqual([true, true]);
  newer.close(1000, "");
  expect(house.heard("node.presence").at(-1)).toMatchObject({ nodeId, connected: false });
  expect(await refusal(which(house.nodes))).toMatchObject({ code: "nodeNotConnected" });
  expect(await refusal(which(house.nodes, { nodeId: "c".repeat(64) }))).toMatchObject({ code: "nodeNotFound" });
});

test("SEC-32: nobody answers for the node that was asked but that node, on the connection it was asked on", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  const line = await house.approved(nodeId, ["system.which"]);
  const liar = house.arrive(other, ["system.which"]);
  const answer = which(nodes);
  const { id } = await asked(line);
  expect(nodes.answered({ id, nodeId, ok: true, payloadJSON: '"forged"' }, liar.caller)).toBeFalse();
  expect(nodes.answered({ id, nodeId: other, ok: true, payloadJSON: '"forged"' }, liar.caller)).toBeFalse();
  expect(nodes.answered({ id, nodeId: other, ok: true, payloadJSON: '"misnamed"' }, line.caller)).toBeFalse();
  expect(nodes.answered({ id: "made-up", nodeId, ok: true }, line.caller)).toBeFalse();
  expect(nodes.isAwaited({ invokeId: id, nodeId }, liar.caller)).toBeFalse();
  expect(nodes.isAwaited({ invokeId: id, nodeId }, line.caller)).toBeTrue();
  expect(nodes.answered({ id, nodeId, ok: true, payload: { real: true } }, line.caller)).toBeTrue();
  expect(nodes.answered({ id, nodeId, ok: true, payloadJSON: '"twice"' }, line.caller)).toBeFalse();
  expect(await answer).toEqual({ payload: { real: true }, payloadJson: '{"real":true}' });
});

test("the same request under the same key is asked once, and another under that key is refused", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  const line = await house.approved(nodeId, ["device.info", "system.which"]);
  const idempotencyKey = "key-1";
  const answers = [which(nodes, { idempotencyKey }), which(nodes, { idempotencyKey })];
  const { id } = await asked(line);
  expect(await refusal(which(nodes, { idempotencyKey, command: "device.info" }))).toMatchObject({
    code: "idempotencyConflict",
    data: { key: "key-1" },
  });
  nodes.answered({ id, nodeId, ok: true, payloadJSON: "1" }, line.caller);
  expect(await Promise.all(answers)).toMatchObject([{ payload: 1 }, { payload: 1 }]);
  expect(await which(nodes, { idempotencyKey })).toMatchObject({ payload: 1 });
  expect(await refusal(which(nodes, { idempotencyKey, params: {} }))).toMatchObject({ code: "idempotencyConflict" });
  const stranger = { ...admin, deviceId: "another device" };
  const theirs = nodes.invoke({ nodeId, command: "device.info", idempotencyKey }, stranger, never);
  const second = await asked(line, 2);
  nodes.answered({ id: second.id, nodeId, ok: true, payloadJSON: "2" }, line.caller);
  expect(await theirs).toMatchObject({ payload: 2 });
  house.clock.ms += 11 * 60_000;
  void which(nodes, { idempotencyKey }).catch(() => undefined);
  await asked(line, 3);
});

test("what was asked under a key is remembered after a restart, and not asked again", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  const memory = () => new Requests({ storage: house.storage, log: silentLog });
  const ask = (nodes: Nodes, key: string, bins: readonly string[] = ["git"]) =>
    nodes.invoke(
      { nodeId, command: "system.which", params: { bins }, idempotencyKey: key, memory: memory() },
      admin,
      never,
    );
  const first = ask(house.nodes, "k");
  const { id } = await asked(line);
  house.nodes.answered({ id, nodeId, ok: true, payloadJSON: '{"bins":{}}' }, line.caller);
  const answer = await first;
  void ask(house.nodes, "cut off").catch(() => undefined); // its node never answers
  await until("the second request", () => line.heard("node.invoke.request").length === 2);

  const { devices, clock } = house;
  const after = await openNodes({ devices: async () => devices, emit: () => {}, clock, log: silentLog });
  try {
    const again = new FakeNodeLine(nodeId);
    after.arrived(again, claims(["system.which"]));
    expect(await ask(after, "k")).toEqual(answer);
    expect(await refusal(ask(after, "k", ["ls"]))).toMatchObject({ code: "idempotencyConflict" });
    expect(await refusal(ask(after, "cut off"))).toMatchObject({ code: "outcomeUnknown" });
    expect(again.heard("node.invoke.request")).toEqual([]);
  } finally {
    after.close();
  }
});

test("more than 64 open requests to a node are refused", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  const open = Array.from({ length: 64 }, () => which(house.nodes).catch(() => undefined));
  await asked(line, 64);
  expect(await refusal(which(house.nodes))).toMatchObject({ code: "tooManyRequests" });
  line.close(1000, "");
  await Promise.all(open);
});

test.each([
  ["browser.proxy", "operator.admin"],
  ["fs.listDir", "operator.admin"],
  ["system.execApprovals.set", "operator.admin"],
  ["terminal.upload", "operator.admin"],
  ["system.which", "operator.write"],
] as const)("%s asks for %s", async (command, scope) => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, [command]);
  const less = scope === "operator.admin" ? "operator.write" : "operator.read";
  const by = (held: Scope) => house.nodes.invoke({ nodeId, command }, operator(held), never);
  expect(await refusal(by(less))).toMatchObject({ code: "missingScope", data: { scope } });
  expect(line.heard("node.invoke.request")).toEqual([]);
  void by(scope).catch(() => undefined);
  expect(await asked(line)).toMatchObject({ command });
});

test("SEC-35: a caller cannot say for the node's person that a program may run", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.run"]);
  const params = { command: ["id"], approved: true, approvalDecision: "allow-always", runId: "mine" };
  void which(house.nodes, { command: "system.run", params }).catch(() => undefined);
  const { paramsJSON } = await asked(line);
  const forwarded = JSON.parse(String(paramsJSON)) as Record<string, unknown>;
  expect(Object.keys(forwarded)).toEqual(["command", "runId"]);
  expect(forwarded["runId"]).not.toBe("mine");
});

test.each([
  ["a reason", { code: "ENOENT", message: "no such file" }, { nodeCode: "ENOENT", problem: "no such file" }],
  ["none", undefined, { nodeCode: "UNAVAILABLE" }],
])("a node that fails with %s is quoted", async (_what, error, data) => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  const answer = refusal(which(house.nodes));
  const { id } = await asked(line);
  house.nodes.answered({ id, nodeId, ok: false, ...(error && { error }) }, line.caller);
  expect(await answer).toMatchObject({ code: "nodeFailed", data });
});

test("an answer that is no JSON, or too deep to be looked into, is handed on as text", async () => {
  await using house = await openHouse();
  const line = await house.approved(nodeId, ["system.which"]);
  for (const [at, payloadJSON] of ["{nonsense", "[".repeat(100_000)].entries()) {
    const answer = which(house.nodes);
    const { id } = await asked(line, at + 1);
    house.nodes.answered({ id, nodeId, ok: true, payloadJSON }, line.caller);
    expect(await answer).toEqual({ payload: null, payloadJson: payloadJSON });
  }
});

test("a node tells how it is doing, and nothing else that it tells is heeded", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  const line = house.arrive(nodeId, []);
  const stats = { cpuCount: 4, memoryTotalBytes: 8, memoryFreeBytes: 2, ipAddress: "10.0.0.1" };
  const told = (event: string, payload: unknown) => nodes.told(event, payload, line.caller);
  expect(told("node.host.stats", JSON.stringify(stats))).toEqual({
    ok: true,
    event: "node.host.stats",
    handled: true,
    reason: "updated",
  });
  const { ipAddress: _left, ...kept } = stats;
  const hostStats = { ...kept, updatedAtMs: house.clock.now() };
  expect(house.heard("node.hostStats")).toEqual([{ nodeId, hostStats }]);
  expect((await nodes.describe(nodeId)).hostStats).toEqual(hostStats);
  told("node.host.stats", stats);
  expect(house.heard("node.hostStats")).toHaveLength(1);
  expect(told("node.host.stats", { cpuCount: "many" })).toMatchObject({ ok: false, handled: false });
  expect(told("exec.finished", { sessionKey: "main", runId: "r" })).toMatchObject({ ok: true, handled: false });
  const before = house.arrive(nodeId, []);
  expect(nodes.told("node.host.stats", stats, line.caller)).toMatchObject({ reason: "replaced" });
  expect(before.closed).toBeUndefined();
});

test("what was approved of a node can be taken back, which ends its connection", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  const line = await house.approved(nodeId, ["system.run"]);
  const answer = refusal(which(nodes, { command: "system.run" }));
  await asked(line);
  expect(await refusal(nodes.remove(nodeId, operator("operator.pairing")))).toMatchObject({ code: "beyondCaller" });
  await nodes.remove(nodeId, admin);
  expect(line.closed).toEqual({ code: 1012, reason: "node capabilities changed" });
  expect(await answer).toMatchObject({ code: "nodeLeft" });
  expect((await nodes.pairs()).paired).toEqual([]);
  expect(await refusal(nodes.remove(nodeId, admin))).toMatchObject({ code: "deviceNotFound" });
});

test("a rejected request is over, and what was approved before stays", async () => {
  await using house = await openHouse();
  const { nodes } = house;
  await house.approved(nodeId, ["system.which"]);
  const line = house.arrive(nodeId, ["system.run", "system.which"]);
  const [pending] = await until("the request", async () => {
    const waiting = (await nodes.pairs()).pending;
    return waiting.length > 0 && waiting;
  });
  expect(await nodes.reject(String(pending?.requestId))).toBe(nodeId);
  expect(line.heard("node.pair.resolved")).toMatchObject([{ decision: "rejected" }]);
  expect((await nodes.describe(nodeId)).commands).toEqual(["system.which"]);
  expect(await refusal(nodes.reject(String(pending?.requestId)))).toMatchObject({ code: "pairingNotFound" });
});

test("a node gets the name that an operator gives it", async () => {
  await using house = await openHouse();
  await house.nodes.rename(nodeId, "workshop");
  expect(await house.nodes.describe(nodeId)).toMatchObject({ displayName: "workshop", connected: false });
  expect(await refusal(house.nodes.rename("nobody", "x"))).toMatchObject({ code: "nodeNotFound" });
});

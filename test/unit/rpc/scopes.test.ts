import { allScopes, type Scope } from "#protocol";
import { type AnyMethod, type Caller, methods } from "#rpc";
import { expect, test } from "bun:test";
import {
  callerFrom,
  type Frame,
  HeldSocket,
  House,
  openRpc,
  request,
  rightToken,
  peer,
} from "../../support/rpc-house.ts";
import { OpenClawSocket } from "../../support/openclaw-socket.ts";
import { until } from "../../support/until.ts";

/** Written down a second time on purpose: a method whose scope is changed has to be changed here too. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  public: ["connect", "ping"],
  "operator.read": [
    "agents.list",
    "channels.status",
    "chat.history",
    "chat.startup",
    "commands.list",
    "config.get",
    "config.schema",
    "connections.list",
    "health",
    "inbound.list",
    "logs.tail",
    "messages.trace",
    "models.list",
    "node.describe",
    "node.list",
    "outbox.list",
    "sessions.at",
    "sessions.describe",
    "sessions.events",
    "sessions.export",
    "sessions.get",
    "sessions.list",
    "sessions.messages.subscribe",
    "sessions.messages.unsubscribe",
    "sessions.subscribe",
    "sessions.transcript",
    "sessions.unsubscribe",
    "routes.explain",
    "status",
    "system-presence",
    "system.info",
    "tools.catalog",
  ],
  "operator.write": [
    "agent",
    "agent.wait",
    "chat.abort",
    "chat.send",
    "inbound.replay",
    "message.send",
    "node.invoke",
    "outbox.replay",
    "sessions.create",
    "sessions.patch",
    "sessions.reset",
  ],
  "operator.admin": [
    "channels.activation",
    "channels.logout",
    "channels.restart",
    "channels.start",
    "channels.stop",
    "config.patch",
    "config.reload",
    "device.pair.setupCode",
    "device.pair.setupStatus",
    "inbound.drop",
    "outbox.drop",
    "sessions.delete",
    "sessions.import",
    "sessions.replay",
  ],
  "operator.pairing": [
    "device.pair.approve",
    "device.pair.list",
    "device.pair.reject",
    "device.pair.remove",
    "device.pair.rename",
    "device.token.revoke",
    "device.token.rotate",
    "node.pair.approve",
    "node.pair.list",
    "node.pair.reject",
    "node.pair.remove",
    "node.rename",
    "pairing.allow",
    "pairing.approve",
    "pairing.list",
    "pairing.reject",
    "pairing.remove",
  ],
};

/** What nodes alone may call, and in the OpenClaw dialect alone. */
const forNodes: readonly string[] = [
  "node.event",
  "node.invoke.progress",
  "node.invoke.result",
  "node.pluginTools.update",
  "node.runnerInventory.update",
  "node.skills.update",
];

/** What the OpenClaw dialect has besides. */
const alsoAllowed: typeof allowed = {
  "operator.read": [
    "agent.identity.get",
    "chat.metadata",
    "config.schema.lookup",
    "last-heartbeat",
    "sessions.preview",
    "sessions.resolve",
    "taskSuggestions.list",
    "tools.effective",
    "usage.status",
  ],
  "operator.write": ["sessions.abort", "sessions.send"],
  "operator.approvals": ["exec.approval.list", "openclaw.approval.list", "plugin.approval.list"],
  "operator.questions": ["question.list"],
  "operator.pairing": ["channels.pairing.approve", "channels.pairing.dismiss", "channels.pairing.list"],
  "operator.admin": ["chat.inject", "config.set"],
};

const grants: readonly (readonly [string, readonly Scope[], readonly string[]])[] = [
  ["none", [], ["public"]],
  ["read", ["operator.read"], ["public", "operator.read"]],
  ["write", ["operator.write"], ["public", "operator.read", "operator.write"]],
  ["approvals", ["operator.approvals"], ["public", "operator.approvals"]],
  ["questions", ["operator.questions"], ["public", "operator.questions"]],
  ["pairing", ["operator.pairing"], ["public", "operator.pairing"]],
  ["admin", ["operator.admin"], ["public", ...allScopes]],
];

const matrix = grants.flatMap(([who, scopes, groups]) =>
  methods.map(({ name }) => ({ who, scopes, name, may: groups.some((group) => allowed[group]?.includes(name)) })),
);

test("the matrix has every method in it, and knows no others", () => {
  expect(Object.values(allowed).flat().toSorted()).toEqual(methods.map(({ name }) => name).toSorted());
  expect(matrix).toHaveLength(methods.length * grants.length);
});

test.each(matrix)("$who, $name: $may", async ({ scopes, name, may }) => {
  await using rpc = openRpc(new House());
  const caller: Caller = {
    id: "x",
    address: "127.0.0.1",
    isAuthenticated: true,
    role: "operator",
    scopes: new Set(scopes),
  };
  const from = { caller, signal: new AbortController().signal };
  const refusal = expect.objectContaining({ code: "missingScope" });
  const thrown: unknown = await rpc.call(name, {}, from).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (may) expect(thrown).not.toEqual(refusal);
  else expect(thrown).toEqual(refusal);

  // Params that no method takes: who may call is told so, who may not call is told that.
  const answer = JSON.parse((await rpc.answer(request(1, name, { nonsense: 1 }), from)) ?? "") as Frame;
  if (!may) expect(answer.error?.data["name"]).toBe("missingScope");
  else expect(answer.error?.data["name"]).toBe(name === "connect" ? undefined : "invalidParams");
});

test.each(grants)(
  "in the OpenClaw dialect too, %s may call what it may and nothing else",
  async (_who, scopes, groups) => {
    await using rpc = openRpc(new House());
    const client = await OpenClawSocket.connected(rpc, scopes);
    const { payload } = await client.answer("0");
    const { methods: served } = (payload as { features: { methods: string[] } }).features;
    expect(served.length).toBeGreaterThan(25);
    for (const name of served) {
      const may = groups.some((group) => allowed[group]?.includes(name) || alsoAllowed[group]?.includes(name));
      const { error } = await client.ask(name, { nonsense: 1 });
      if (forNodes.includes(name)) {
        expect([name, error?.message]).toEqual([name, "unauthorized role: operator"]);
        continue;
      }
      expect(error?.code === "FORBIDDEN", name).toBe(!may);
    }
  },
);

test.each(methods.map(({ name, scope }) => [name, scope] as const))(
  "a socket that has not authenticated gets nothing from %s but its answer, and is closed",
  async (name, scope) => {
    await using rpc = openRpc(new House());
    const socket = new HeldSocket();
    rpc.open(socket, peer()).receive(request(1, name));
    const answer = await until("the answer", () => socket.answer(1));
    if (name === "ping") {
      expect(answer.result).toMatchObject({ pong: true });
      expect(socket.closed).toBeUndefined();
      return;
    }
    expect(answer.error).toMatchObject({ code: -32001, data: { name: "unauthorized" } });
    expect(socket.closed).toEqual({ code: 1008, reason: "unauthorized" });
    expect(scope === "public").toBe(name === "connect");
  },
);

test("a stranger is not told which methods there are", async () => {
  await using rpc = openRpc(new House());
  const stranger = { caller: callerFrom("127.0.0.1", false), signal: new AbortController().signal };
  const errors = await Promise.all(
    ["no.such.method", "config.get"].map((name) => rpc.call(name, {}, stranger).catch((error: unknown) => error)),
  );
  expect(errors[0]).toEqual(errors[1]);
});

test("a node may call what is public or for every role, and is told which role it has where it may not", async () => {
  await using rpc = openRpc(new House());
  const node: Caller = { id: "n", address: "127.0.0.1", isAuthenticated: true, role: "node", scopes: new Set() };
  const from = { caller: node, signal: new AbortController().signal };
  for (const { name, role, scope } of methods.map((method): AnyMethod => method)) {
    const { error } = JSON.parse((await rpc.answer(request(1, name, { nonsense: 1 }), from)) ?? "") as Frame;
    const may = scope === "public" || role !== undefined;
    expect([name, error?.data["name"]]).toEqual([name, may ? error?.data["name"] : "wrongRole"]);
    if (may) expect(error?.data["name"]).not.toBe("wrongRole");
  }
});

test("a client may ask for fewer scopes than its token grants, and has those alone", async () => {
  await using rpc = openRpc(new House());
  const socket = new HeldSocket();
  const line = rpc.open(socket, peer());
  line.receive(request(1, "connect", { auth: { token: rightToken }, scopes: ["operator.read"] }));
  line.receive(request(2, "sessions.list"));
  line.receive(request(3, "config.patch", { patch: {} }));
  const refused = await until("the refusal", () => socket.answer(3));
  expect(socket.answer(1)?.result?.["scopes"]).toEqual(["operator.read"]);
  expect(socket.answer(2)?.result).toEqual({ sessions: [] });
  expect(refused.error?.data).toMatchObject({ name: "missingScope", scope: "operator.admin" });
  expect(socket.closed).toBeUndefined();
});

test("without authentication configured, everyone has every scope", async () => {
  await using rpc = openRpc(new House(), { mode: "none" });
  const caller = await rpc.authenticate({}, { address: "127.0.0.1" });
  expect([...caller.scopes]).toEqual([...allScopes]);
});

import { expect, test } from "bun:test";
import { events } from "../../../src/rpc/openclaw/events.ts";
import { wireEvents } from "../../../src/rpc/wire-events.ts";
import { DeviceKey } from "../../support/device-key.ts";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import { operators, type ScopeCaller } from "../../support/scope-callers.ts";
import { SocketClient } from "../../support/socket-client.ts";
import { until } from "../../support/until.ts";
import type { WireClient } from "../../support/wire-client.ts";

const token = { token: sharedToken };
const withProxy = '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n';
const elsewhere = { "x-forwarded-for": "203.0.113.7" };

/** Those that come with time alone, to one node, or of models that think. */
const unprovoked = [
  "agent.thinking",
  "connect.challenge",
  "health",
  "node.invoke.cancel",
  "node.invoke.request",
  "tick",
];

interface Listener {
  readonly caller: ScopeCaller;
  readonly closed: () => Promise<unknown>;
  /** The names of what it was told. */
  readonly heard: () => ReadonlySet<string>;
}

/** Makes happen whatever clients are told of. */
async function live(gateway: OpenGateway, admin: WireClient): Promise<void> {
  const newcomer = { auth: token, device: new DeviceKey(), scopes: ["operator.read"] };
  const { answer } = await gateway.enter(newcomer, elsewhere);
  const approved = await admin.ask("device.pair.approve", { requestId: answer.error?.details?.["requestId"] });
  expect(approved.ok).toBe(true);
  await admin.ask("device.pair.rename", { deviceId: newcomer.device.id, label: "Desk" });

  const { client: node } = await gateway.enter({
    auth: token,
    device: new DeviceKey(),
    client: { id: "node-host", mode: "node" },
    role: "node",
    scopes: [],
    commands: ["system.which"],
  });
  const asked = await until("the node's request", () => admin.events("node.pair.requested")[0]);
  const stats = { event: "node.host.stats", payload: { cpuCount: 1, memoryTotalBytes: 2, memoryFreeBytes: 1 } };
  expect((await node.ask("node.event", stats)).payload).toMatchObject({ handled: true });
  expect((await admin.ask("node.pair.approve", { requestId: asked.payload?.["requestId"] })).ok).toBe(true);

  await admin.ask("chat.send", { sessionKey: "main", message: "read no-such-file", idempotencyKey: "run-1" });
  await until("the answer", () => admin.events("chat").find(({ payload }) => payload?.["state"] === "final"));
  await until("the presence", () => admin.events("presence")[0]);
}

async function openClawListeners(gateway: OpenGateway) {
  const listeners: (Listener & { readonly client: WireClient })[] = [];
  for (const caller of operators) {
    const { client } = await gateway.enter({ auth: token, device: new DeviceKey(), scopes: caller.scopes });
    await client.ask("sessions.subscribe");
    const heard = () => new Set(client.frames.flatMap(({ event }) => event ?? []));
    listeners.push({ caller, client, heard, closed: () => client.close() });
  }
  return listeners;
}

async function jsonRpcListeners(gateway: OpenGateway, held: AsyncDisposableStack): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const caller of operators) {
    const address = new URL("/ws", gateway.app.url).href.replace("http", "ws");
    const client = held.use(await SocketClient.open(address, null));
    await client.call("connect", { auth: token, scopes: caller.scopes });
    await client.ask("sessions.subscribe");
    const heard = () => new Set(client.notifications.map(({ method }) => method));
    listeners.push({ caller, heard, closed: () => client.closed });
  }
  return listeners;
}

test("SEC-23: whatever happens is told to those who may know of it, in both dialects, and to nobody else", async () => {
  await using held = new AsyncDisposableStack();
  const gateway = held.use(await openGateway(withProxy));
  const openClaw = await openClawListeners(gateway);
  const jsonRpc = await jsonRpcListeners(gateway, held);
  const admin = openClaw.at(-1)?.client;
  if (!admin) throw new Error("nobody is an admin");
  await live(gateway, admin);
  await gateway.app[Symbol.asyncDispose]();
  await Promise.all([...openClaw, ...jsonRpc].map(({ closed }) => closed()));

  const scopesOf = {
    openClaw: new Map<string, string>(Object.entries(events)),
    jsonRpc: new Map<string, string>(wireEvents.map(({ name, scope }) => [name, scope])),
  };
  for (const [listeners, scopes] of [
    [openClaw, scopesOf.openClaw],
    [jsonRpc, scopesOf.jsonRpc],
  ] as const) {
    const all = [...scopes.keys()].filter((name) => !unprovoked.includes(name));
    for (const { caller, heard } of listeners) {
      const told = all.filter((name) => heard().has(name));
      const may = all.filter((name) => caller.opens.some((scope) => scope === scopes.get(name)));
      expect([caller.who, told]).toEqual([caller.who, may]);
    }
  }
});

import { createLog } from "#base";
import { expect, test } from "bun:test";
import { dice } from "../support/dice.ts";
import { mutate } from "../support/mutate.ts";
import { connectParams, OpenClawSocket } from "../support/openclaw-socket.ts";
import { House, openRpc, rightToken } from "../support/rpc-house.ts";
import { until } from "../support/until.ts";

const seeds = [1, 2, 3, 4, 5, 6];

const frame = (id: string, method: string, params?: unknown) =>
  JSON.stringify({ type: "req", id, method, ...(params !== undefined && { params }) });

const corpus = [
  frame("0", "connect", connectParams({ scopes: ["operator.write"], caps: ["tool-events"] })),
  frame("1", "health"),
  frame("2", "chat.send", { sessionKey: "main", message: 'hello \\ "there" 😀', idempotencyKey: "k", deliver: false }),
  frame("3", "chat.history", { sessionKey: "main", limit: 5, offset: 1, maxBytes: 1_000 }),
  frame("4", "sessions.patch", { key: "main", label: "x", thinkingLevel: "low", model: null }),
  frame("5", "sessions.list", { limit: 2, search: "a", activeMinutes: 5, archived: "all" }),
  frame("6", "agent.wait", { runId: "k", timeoutMs: 0 }),
];

/** What is asked about devices and nodes, right and wrong. */
const aboutMachines = [
  frame("7", "device.pair.list", {}),
  frame("8", "device.pair.approve", { requestId: "00000000-0000-4000-8000-000000000000" }),
  frame("9", "device.pair.reject", { requestId: "x" }),
  frame("10", "device.pair.remove", { deviceId: "0".repeat(64) }),
  frame("11", "device.pair.rename", { deviceId: "0".repeat(64), label: "Desk \u202e" }),
  frame("12", "device.pair.setupCode", { publicUrl: "wss://desk.example.org", bootstrapProfile: "node" }),
  frame("13", "device.token.rotate", { deviceId: "0".repeat(64), role: "operator", scopes: ["operator.read"] }),
  frame("14", "device.token.revoke", { deviceId: "0".repeat(64), role: "node" }),
  frame("15", "node.list", {}),
  frame("16", "node.describe", { nodeId: "0".repeat(64) }),
  frame("17", "node.invoke", {
    nodeId: "0".repeat(64),
    command: "system.run",
    params: { a: [1] },
    idempotencyKey: "i",
  }),
  frame("18", "node.pair.approve", { requestId: "x" }),
  frame("19", "node.rename", { nodeId: "0".repeat(64), displayName: "Shed" }),
  frame("20", "node.event", { event: "node.host.stats", payloadJSON: '{"cpuCount":1}' }),
  frame("21", "node.invoke.result", { id: "x", nodeId: "0".repeat(64), ok: true, payloadJSON: "{}" }),
];

/** Bytes that are no UTF-8, each in another way. */
const noUtf8: readonly (readonly number[])[] = [
  [0xff],
  [0xc0, 0xaf],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
];

const codes = ["INVALID_REQUEST", "FORBIDDEN", "UNAVAILABLE", "NOT_PAIRED"];

/** What the server says is a frame of this protocol, whole and without the secret. */
function expectFrame(text: string): void {
  expect(text).not.toContain(rightToken);
  const said = JSON.parse(text) as Record<string, unknown>;
  expect(said["type"]).toBeOneOf(["res", "event"]);
  if (said["type"] === "event") return;
  expect(typeof said["id"]).toBeOneOf(["string", "number"]);
  const { error } = said as { error?: { code: string; message: string } };
  expect(said["ok"]).toBe(error === undefined);
  if (error) expect([codes.includes(error.code), error.message !== ""]).toEqual([true, true]);
}

test.each(seeds)("whatever comes after hello is answered, and nothing breaks (seed %d)", async (seed) => {
  const roll = dice(seed);
  const incidents: string[] = [];
  await using rpc = openRpc(new House(), { log: createLog({ level: "error", write: (line) => incidents.push(line) }) });
  const client = await OpenClawSocket.connected(rpc, ["operator.write"]);
  for (let step = 0; step < 300; step++) {
    const text = mutate(corpus, roll);
    client.line.receive(roll(2) === 0 ? text : new TextEncoder().encode(text));
    if (roll(5) === 0) await Bun.sleep(0);
    if (client.socket.closed) break; // bytes that are no UTF-8 end it
  }
  if (!client.socket.closed) expect((await client.ask("health")).ok).toBe(true);
  client.socket.texts.forEach(expectFrame);
  expect(client.frames.some(({ ok }) => ok === true)).toBe(true);
  expect(incidents).toEqual([]);
});

test.each(seeds)(
  "whatever comes first is let in by the token alone, or closed with a reason (seed %d)",
  async (seed) => {
    const roll = dice(seed);
    await using rpc = openRpc(new House());
    const ends = new Set<string>();
    for (let step = 0; step < 150; step++) {
      const client = new OpenClawSocket(rpc, { address: `192.0.2.${step}` });
      const [connect = ""] = corpus;
      const text = roll(8) === 0 ? connect : mutate([connect], roll);
      client.line.receive(text);
      await until("an end or an answer", () => client.socket.closed ?? client.socket.texts.length > 0);
      const [connection] = rpc.connections();
      if (connection?.isAuthenticated) expect(text).toContain(rightToken);
      ends.add(connection?.isAuthenticated ? "in" : `closed ${client.socket.closed?.code}`);
      client.line.closed();
    }
    expect([...ends]).toEqual(expect.arrayContaining(["in", "closed 1008"]));
  },
);

test.each(seeds)("whatever is asked about devices and nodes is answered, and pairs nobody (seed %d)", async (seed) => {
  const roll = dice(seed + 100);
  const incidents: string[] = [];
  await using house = new House();
  await using rpc = openRpc(house, { log: createLog({ level: "error", write: (line) => incidents.push(line) }) });
  const client = await OpenClawSocket.connected(rpc, ["operator.admin"]);
  for (let step = 0; step < 300; step++) {
    client.line.receive(
      roll(6) === 0 ? (aboutMachines[roll(aboutMachines.length)] ?? "") : mutate(aboutMachines, roll),
    );
    if (roll(5) === 0) await Bun.sleep(0);
  }
  expect((await client.ask("device.pair.list")).payload).toMatchObject({ paired: [], pending: [] });
  expect(client.socket.closed).toBeUndefined();
  client.socket.texts.forEach(expectFrame);
  expect(client.frames.filter(({ ok }) => ok === true).length).toBeGreaterThan(5);
  expect(client.frames.filter(({ ok }) => ok === false).length).toBeGreaterThan(50);
  expect(incidents).toEqual([]);
});

test.each(noUtf8)(
  "bytes that are no UTF-8 (%d …) are refused before hello, and after it end the socket and nobody else's",
  async (...bytes) => {
    await using rpc = openRpc(new House());
    const other = await OpenClawSocket.connected(rpc);
    const [before, after] = [new OpenClawSocket(rpc), await OpenClawSocket.connected(rpc)];
    const whole = new TextEncoder().encode(frame("1", "device.pair.rename", { deviceId: "x", label: "§" }));
    const at = whole.indexOf(0xc2);
    const broken = new Uint8Array([...whole.slice(0, at), ...bytes, ...whole.slice(at + 2)]);
    // Whoever has said nothing yet may be a client of JSON-RPC, and is answered as one.
    before.line.receive(broken);
    expect(await until("the refusal", () => before.socket.texts[0])).toContain('"code":-32700');
    expect(rpc.connections().filter(({ isAuthenticated }) => !isAuthenticated)).toHaveLength(1);
    after.line.receive(broken);
    expect(after.socket.closed?.code).toBe(1008);
    expect((await other.ask("health")).ok).toBe(true);
  },
);

import type { Rpc, RpcLimits } from "#rpc";
import { expect, test } from "bun:test";
import { HeldSocket, House, openRpc, request, rightToken, peer } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

/** A socket that has authenticated with its upgrade. */
function join(rpc: Rpc, address = "127.0.0.1") {
  const socket = new HeldSocket();
  const line = rpc.open(socket, { ...peer({ address, token: rightToken }), userAgent: "test/1" });
  return { socket, line };
}

function stranger(rpc: Rpc, address = "127.0.0.1") {
  const socket = new HeldSocket();
  const line = rpc.open(socket, peer({ address }));
  return { socket, line };
}

function build(limits: Partial<RpcLimits> = {}) {
  const house = new House();
  return { house, rpc: openRpc(house, { limits }) };
}

const delta = (text: string) => ({ kind: "TextDelta" as const, runId: "r1", text });

test("a connection is listed with who it is and what it did, until it is gone", async () => {
  await using rpc = build().rpc;
  const { socket, line } = join(rpc, "192.0.2.1");
  line.receive(request(1, "ping"));
  await until("the answer", () => socket.answer(1));
  expect(rpc.connections()).toEqual([
    {
      id: expect.any(String),
      address: "192.0.2.1",
      dialect: "jsonrpc",
      isAuthenticated: true,
      role: "operator",
      scopes: expect.arrayContaining(["operator.admin"]),
      connectedAt: 1_700_001_000_000,
      client: "test/1",
      receivedBytes: request(1, "ping").length,
      sentBytes: (socket.challenge + socket.texts.join("")).length,
      skippedEvents: 0,
    },
  ]);
  line.closed();
  line.closed();
  expect(rpc.connections()).toEqual([]);
});

test("who pipelines behind connect is answered as who has connected, in order", async () => {
  const { house, rpc } = build();
  const { socket, line } = stranger(rpc);
  line.receive(request(0, "connect", { auth: { token: rightToken } }));
  for (let i = 1; i <= 5; i++) {
    line.receive(request(i, "chat.send", { sessionKey: "main", message: `m${i}`, idempotencyKey: `k${i}` }));
  }
  await until("the last answer", () => socket.answer(5));
  expect([...house.taken.values()].map(({ message }) => message.text)).toEqual(["m1", "m2", "m3", "m4", "m5"]);
  expect(socket.frames.every((frame) => frame.error === undefined)).toBe(true);
  await rpc[Symbol.asyncDispose]();
});

test("a stranger that sends more than it waits for is closed", async () => {
  await using rpc = build({ strangerBacklog: 3 }).rpc;
  const { socket, line } = stranger(rpc);
  for (let i = 0; i < 5; i++) line.receive(request(i, "ping"));
  expect(socket.closed).toEqual({ code: 1008, reason: "too many frames before authentication" });
});

test("a stranger's frame may be smaller than a friend's", async () => {
  await using rpc = build().rpc;
  const big = request(1, "ping", { text: "x".repeat(70_000) });
  const { socket, line } = stranger(rpc);
  line.receive(big);
  expect(socket.frames[0]).toMatchObject({ id: null, error: { data: { name: "tooLarge" } } });
  expect(socket.closed?.code).toBe(1009);

  const friend = join(rpc);
  friend.line.receive(big);
  await until("the answer", () => friend.socket.answer(1));
  friend.line.receive(" ".repeat(1024 * 1024 + 1));
  friend.line.receive(request(2, "ping"));
  await until("an answer after a frame that was too big", () => friend.socket.answer(2));
  expect(friend.socket.answer(null)?.error?.data["name"]).toBe("tooLarge");
  expect(friend.socket.closed).toBeUndefined();
});

test("frames of bytes are read as UTF-8, and refused when they are not", async () => {
  await using rpc = build().rpc;
  const { socket, line } = join(rpc);
  line.receive(new TextEncoder().encode(request("ü", "ping")));
  line.receive(new Uint8Array([0xff, 0xfe]));
  await until("the answer", () => socket.answer("ü"));
  expect(socket.answer(null)?.error?.code).toBe(-32700);
});

test.each([
  ["192.0.2.1", 15_000],
  ["127.0.0.1", 60_000],
])(
  "a stranger from %s is closed after %d ms of silence, not while it pings, not once it is a friend",
  async (address, idleMs) => {
    const { house, rpc } = build({ strangerSweepMs: 2 });
    const silent = stranger(rpc, address);
    const pinging = stranger(rpc, address);
    const friendly = stranger(rpc, address);
    friendly.line.receive(request(1, "connect", { auth: { token: rightToken } }));
    await until("the answer", () => friendly.socket.answer(1));
    house.clock.ms += idleMs - 1;
    pinging.line.receive(request(1, "ping"));
    await Bun.sleep(10);
    expect(silent.socket.closed).toBeUndefined();
    house.clock.ms += 1;
    await until("the close", () => silent.socket.closed);
    expect(silent.socket.closed).toEqual({ code: 1000, reason: "" });
    expect(pinging.socket.closed).toBeUndefined();
    house.clock.ms += idleMs;
    await until("the close", () => pinging.socket.closed);
    expect(pinging.socket.closed).toEqual({ code: 1008, reason: "authentication timeout" });
    expect(friendly.socket.closed).toBeUndefined();
    await rpc[Symbol.asyncDispose]();
  },
);

test("there is room for few strangers of one address, and who has a token needs none of it", async () => {
  await using rpc = build({ strangersOnLoopback: 3, strangersPerAddress: 2, strangers: 6 }).rpc;
  const loopback = Array.from({ length: 3 }, () => stranger(rpc));
  expect(() => stranger(rpc, "127.0.0.2")).toThrow("Too many connections wait");
  stranger(rpc, "192.0.2.1");
  stranger(rpc, "::ffff:192.0.2.1");
  expect(() => stranger(rpc, "192.0.2.1")).toThrow();
  stranger(rpc, "192.0.2.2");
  expect(() => stranger(rpc, "192.0.2.3")).toThrow();
  for (let i = 0; i < 20; i++) join(rpc, "192.0.2.1");
  loopback[0]?.line.closed();
  stranger(rpc, "192.0.2.3");
  expect(rpc.connections()).toHaveLength(26);
});

test("when it gets tight, the stranger that was silent for longest gives way", async () => {
  const { house, rpc } = build({ strangersOnLoopback: 2, strangersPerAddress: 2, strangers: 3, strangerSpareMs: 500 });
  const elsewhere = stranger(rpc, "192.0.2.1");
  house.clock.ms += 1;
  const [first, second] = [stranger(rpc), stranger(rpc)];
  house.clock.ms += 499;
  first.line.receive(request(1, "ping"));
  expect(() => stranger(rpc)).toThrow("Too many connections wait");
  house.clock.ms += 1;
  stranger(rpc);
  expect(second.socket.closed).toEqual({ code: 1008, reason: "too many connections wait for their authentication" });
  stranger(rpc, "192.0.2.2");
  expect(elsewhere.socket.closed?.code).toBe(1008);
  expect(first.socket.closed).toBeUndefined();
  expect(rpc.connections()).toHaveLength(3);
  await rpc[Symbol.asyncDispose]();
});

test("who sends more at once than can wait for its turn is closed, and nobody else notices", async () => {
  const { house, rpc } = build({ turnMs: 1, inboxBytes: 1_000 });
  const flood = join(rpc);
  const other = join(rpc);
  flood.line.receive(request(0, "ping"));
  house.clock.ms += 1;
  for (let i = 1; i < 20; i++) flood.line.receive(request(i, "ping"));
  expect(flood.socket.closed).toEqual({ code: 1008, reason: "too many frames at once" });
  other.line.receive(request(1, "ping"));
  await until("the answer", () => other.socket.answer(1));
  await rpc[Symbol.asyncDispose]();
});

test("there are so many connections, and no more", async () => {
  await using rpc = build({ connections: 2 }).rpc;
  join(rpc);
  join(rpc);
  expect(() => join(rpc)).toThrow("too many connections");
});

test("so many calls of a connection run at once; the next are told to wait, and the socket stays open", async () => {
  const house = new House();
  const gate = Promise.withResolvers<never>();
  house.status = () => gate.promise;
  await using rpc = openRpc(house, { limits: { callsInFlight: 3 } });
  const { socket, line } = join(rpc);
  for (let i = 1; i <= 5; i++) line.receive(request(i, "status"));
  await until("the refusals", () => socket.answer(4) && socket.answer(5));
  expect(socket.answer(4)?.error).toMatchObject({ code: -32015, data: { retryable: true, retryAfterMs: 100 } });
  gate.reject(new Error("over"));
  await until("the others", () => socket.answer(1) && socket.answer(2) && socket.answer(3));
  line.receive(request(6, "ping"));
  await until("the next", () => socket.answer(6)?.result);
});

test("what a client that has gone had asked for is not answered, and not an incident", async () => {
  const house = new House();
  const gate = Promise.withResolvers<never>();
  house.status = () => gate.promise;
  await using rpc = openRpc(house);
  const { socket, line } = join(rpc);
  line.receive(request(1, "status"));
  line.closed();
  gate.reject(new Error("cancelled"));
  await Bun.sleep(0);
  expect(socket.texts).toEqual([]);
});

test("an event reaches everyone who may read, numbered for each from 1", async () => {
  const { house, rpc } = build();
  const [a, b] = [join(rpc), join(rpc)];
  const outsider = stranger(rpc);
  const pairing = stranger(rpc);
  pairing.line.receive(request(1, "connect", { auth: { token: rightToken }, scopes: ["operator.pairing"] }));
  await until("the answer", () => pairing.socket.answer(1));
  house.append("main", {
    kind: "MessageReceived",
    runId: "r",
    messageId: "m",
    from: { channel: "x", chat: "y" },
    sender: "z",
    text: "hi",
  });
  for (const { socket } of [a, b]) {
    expect(socket.frames.map(({ method, params }) => [method, params?.["seq"]])).toEqual([
      ["message", 1],
      ["typing", 2],
    ]);
    expect(socket.events("message")[0]).toMatchObject({ sessionKey: "main", message: { role: "user", seq: 1 } });
  }
  expect(outsider.socket.texts).toEqual([]);
  expect(pairing.socket.frames).toHaveLength(1);
  await rpc[Symbol.asyncDispose]();
});

test("who reads slowly misses what may be missed, and sees by the gap that it did", async () => {
  const { house, rpc } = build();
  const { socket, line } = join(rpc);
  const fast = join(rpc);
  socket.sending = -1;
  socket.backlog = 256 * 1024 + 1;
  const stream = (text: string) => house.notice({ type: "delta", key: "main", agentId: "main", delta: delta(text) });
  stream("a");
  stream("b");
  house.append("main", { kind: "ToolCalled", runId: "r1", callId: "c", tool: "t", params: {} });
  const seqs = socket.frames.map(({ method, params }) => [method, params?.["seq"]]);
  // The first send told that the socket is full; from then on the two deltas left are skipped.
  expect(seqs).toEqual([
    ["typing", 1],
    ["agent.tool.start", 6],
  ]);
  expect(rpc.connections()[0]?.skippedEvents).toBe(4);
  expect(fast.socket.texts).toHaveLength(6);
  socket.sending = undefined;
  line.drained();
  stream("c");
  expect(socket.frames.slice(2).map(({ method, params }) => [method, params?.["seq"]])).toEqual([
    ["agent.text", 7],
    ["chat", 8],
  ]);
  await rpc[Symbol.asyncDispose]();
});

test("who lets more than the hard limit pile up is closed, and the others go on", async () => {
  const { house, rpc } = build();
  const [slow, fast] = [join(rpc), join(rpc)];
  slow.socket.sending = -1;
  const say = () => house.append("main", { kind: "ToolCalled", runId: "r", callId: "c", tool: "t", params: {} });
  say();
  slow.socket.backlog = 1024 * 1024 + 1;
  say();
  expect(slow.socket.closed).toEqual({ code: 1008, reason: "slow consumer" });
  expect(rpc.connections()).toHaveLength(1);
  expect(fast.socket.events("agent.tool.start")).toHaveLength(2);
  await rpc[Symbol.asyncDispose]();
});

test("an answer too finds a client that does not read, and one that was dropped is never passed over in silence", async () => {
  await using rpc = build().rpc;
  const slow = join(rpc);
  slow.socket.sending = -1;
  slow.line.receive(request(1, "ping"));
  await until("the answer", () => slow.socket.answer(1));
  slow.socket.backlog = 2 * 1024 * 1024;
  slow.line.receive(request(2, "ping"));
  expect(await until("the close", () => slow.socket.closed)).toEqual({ code: 1008, reason: "slow consumer" });

  const dropping = join(rpc);
  dropping.socket.sending = 0;
  dropping.line.receive(request(1, "ping"));
  expect(await until("the close", () => dropping.socket.closed)).toEqual({ code: 1008, reason: "slow consumer" });
});

test("thousands are told in chunks, everyone in order, and other work gets its turn between", async () => {
  const { house, rpc } = build({ fanOutChunk: 10 });
  const sockets = Array.from({ length: 35 }, () => join(rpc).socket);
  for (let i = 0; i < 20; i++) {
    house.append("main", { kind: "ToolCalled", runId: "r", callId: `c${i}`, tool: "t", params: {} });
  }
  expect(sockets.at(-1)?.texts).toEqual([]);
  await until("everything told", () => sockets.every((socket) => socket.texts.length === 21));
  const expected = [undefined, ...Array.from({ length: 20 }, (_, i) => `c${i}`)];
  for (const socket of sockets) {
    expect(socket.frames.map(({ params }) => params?.["seq"])).toEqual(expected.map((_, i) => i + 1));
    expect(socket.frames.map(({ params }) => params?.["callId"])).toEqual(expected);
  }
  await rpc[Symbol.asyncDispose]();
});

test("events that pile up faster than thousands can be told are told all the same", async () => {
  const { house, rpc } = build({ fanOutChunk: 1, fanOutQueue: 4 });
  const sockets = Array.from({ length: 3 }, () => join(rpc).socket);
  for (let i = 0; i < 50; i++) {
    house.append("main", { kind: "ToolCalled", runId: "r", callId: `c${i}`, tool: "t", params: {} });
  }
  await until("everything told", () => sockets.every((socket) => socket.texts.length === 51));
  for (const socket of sockets) {
    expect(socket.frames.map(({ params }) => params?.["seq"])).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
  }
  await rpc[Symbol.asyncDispose]();
});

test("ticks come while somebody is there; comings and goings are told as one", async () => {
  const house = new House();
  await using rpc = openRpc(house, { limits: { tickMs: 5, presenceMs: 20 } });
  const { socket, line } = join(rpc);
  const others = Array.from({ length: 10 }, () => join(rpc));
  others[0]?.line.closed();
  const presence = await until("presence", () => socket.events("presence")[0]);
  expect(presence).toMatchObject({ connections: 10 });
  const tick = await until("a tick", () => socket.events("tick")[0]);
  expect(tick["time"]).toBe(house.clock.now());
  expect(socket.events("presence")).toHaveLength(1);
  line.closed();
});

test("the end is announced, then every socket is closed, and nobody else comes in", async () => {
  const { rpc } = build({ fanOutChunk: 1 });
  const friends = [join(rpc), join(rpc), join(rpc)];
  const unknown = stranger(rpc);
  await rpc[Symbol.asyncDispose]();
  for (const { socket } of friends) {
    expect(socket.frames.at(-1)).toMatchObject({ method: "shutdown" });
    expect(socket.closed?.code).toBe(1012);
  }
  expect(unknown.socket.closed?.code).toBe(1012);
  expect(unknown.socket.texts).toEqual([]);
  expect(() => join(rpc)).toThrow("stopping");
});

import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startBystander } from "../support/bystander.ts";
import { dice } from "../support/dice.ts";
import { startGateway, token } from "../support/gateway-process.ts";
import { mutate } from "../support/mutate.ts";
import { sendRaw } from "../support/raw-http.ts";
import { encodeFrame, opcode, type RawFrame, RawSocket } from "../support/raw-socket.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const home = tempFolder();
const gateway = await startGateway({ home: home.path });
const bystander = await startBystander(gateway.socketUrl);

afterAll(async () => {
  await bystander[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const bearer = { Authorization: `Bearer ${token}` };
const million = 1_000_000;

/** Whoever attacks, nobody else may wait for it. The bound is far above what it takes, because the machine of a test is busy. */
async function unnoticed(work: () => Promise<void>): Promise<void> {
  const { worstMs } = await bystander.during(work);
  expect(worstMs).toBeLessThan(1_000);
}

const call = (id: unknown, method: string, params?: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) });
const keys = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":1`).join(",");
const batch = (count: number) => `[${Array.from({ length: count }, (_, i) => call(i, "ping")).join(",")}]`;
const text = (payload: string | Uint8Array) => encodeFrame({ payload });
const binary = (payload: string | Uint8Array) => encodeFrame({ payload, opcode: opcode.binary });
const frames = (...parts: RawFrame[]) => Buffer.concat(parts.map(encodeFrame));
const halves = (count: number, payload: string): RawFrame[] =>
  Array.from({ length: count }, (_, i) => ({
    payload,
    opcode: i === 0 ? opcode.text : opcode.continuation,
    isLast: false,
  }));

/** What it comes to: the code of a JSON-RPC error, after which the connection goes on, or of the close frame. */
type Outcome = number;
const both = (outcome: Outcome): [friend: Outcome, stranger: Outcome] => [outcome, outcome];
const tooBigForStrangers = (friend: Outcome): [Outcome, Outcome] => [friend, 1009];
const notForStrangers = (friend: Outcome): [Outcome, Outcome] => [friend, 1008];

const attacks: readonly (readonly [what: string, make: () => Buffer, outcome: [Outcome, Outcome]])[] = [
  ["a million brackets", () => text("[".repeat(million)), tooBigForStrangers(-32600)],
  ["ten thousand nested objects", () => text('{"a":'.repeat(10_000)), both(-32600)],
  ["a million keys", () => text(`{${keys(million)}}`), both(1009)],
  ["as many keys as are let through", () => text(`{"x":{${keys(45_000)}}}`), tooBigForStrangers(-32600)],
  [
    "as many unknown parameters",
    () => text(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{${keys(45_000)}}}`),
    tooBigForStrangers(-32602),
  ],
  ["a batch of ten thousand", () => text(batch(10_000)), tooBigForStrangers(-32600)],
  ["an empty batch", () => text("[]"), both(-32600)],
  ["an empty frame", () => text(""), both(-32700)],
  ["25 MB of text", () => text(Buffer.alloc(25 * million, "x")), both(1009)],
  ["25 MB of bytes", () => binary(Buffer.alloc(25 * million, "x")), both(1009)],
  ["a frame a little too large", () => text(" ".repeat(1024 * 1024 + 1)), tooBigForStrangers(-32014)],
  ["text that is no UTF-8", () => text(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])), both(1007)],
  ["a surrogate as UTF-8", () => text(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])), both(1007)],
  ["bytes that are no UTF-8", () => binary(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])), both(-32700)],
  ["half a surrogate pair as a request", () => text('"\\ud800"'), both(-32600)],
  ["half a surrogate pair as a method", () => text(call(1, "\ud800")), notForStrangers(-32601)],
  ["__proto__ among the members", () => text('{"jsonrpc":"2.0","id":1,"__proto__":{"method":"ping"}}'), both(-32600)],
  [
    "__proto__ among the params",
    () => text('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"x":1}}}'),
    both(-32602),
  ],
  ["constructor among the params", () => text(call(1, "ping", { constructor: { prototype: { x: 1 } } })), both(-32602)],
  ["a method of the prototype", () => text(call(1, "constructor")), notForStrangers(-32601)],
  [
    "a number of sixty thousand digits",
    () => text(`{"jsonrpc":"2.0","method":"ping","id":${"9".repeat(60_000)}}`),
    both(-32600),
  ],
  ["a fragmented message that gets too large", () => frames(...halves(30, "x".repeat(100_000))), both(1009)],
  [
    "a hundred thousand fragments, then a new message",
    () => frames(...halves(100_000, "x"), { payload: "{}" }),
    both(1002),
  ],
  ["a continuation of nothing", () => frames({ payload: "{}", opcode: opcode.continuation }), both(1002)],
  ["a frame that is not masked", () => frames({ payload: "{}", isMasked: false }), both(1002)],
  ["a reserved bit", () => frames({ payload: "{}", reserved: 4 }), both(1002)],
  ["an opcode that is none", () => frames({ payload: "{}", opcode: 5 }), both(1002)],
  ["a control frame that is too long", () => frames({ payload: "x".repeat(126), opcode: opcode.ping }), both(1002)],
  ["a close code that is none", () => frames({ payload: new Uint8Array([0, 1]), opcode: opcode.close }), both(1002)],
];

describe.each([
  ["who has authenticated", bearer, 0],
  ["a stranger", {}, 1],
] as const)("from %s", (_who, headers, which) => {
  test.each(attacks)("%s is answered, and nobody else notices", async (_what, make, outcomes) => {
    const bytes = make();
    const outcome = outcomes[which];
    await using socket = await RawSocket.open(gateway.port, headers);
    await unnoticed(async () => {
      await socket.write(bytes);
      if (outcome > 0) return expect(await socket.ended).toEqual({ code: outcome, reason: expect.stringMatching(/./) });
      const answer = await socket.next("an error", (one) => one.includes('"error"'));
      expect(JSON.parse(answer)).toMatchObject({ jsonrpc: "2.0", error: { code: outcome } });
      expect(answer.length).toBeLessThan(1_000);
      await socket.text(call("after", "ping"));
      await socket.next("the answer to a ping", (one) => one.includes('"id":"after","result"'));
    });
  });

  test.each([
    ["thousands of frames of garbage", "{x", 400_000],
    ["thousands of empty frames", "", 400_000],
    ["thousands of calls", call(1, "ping"), 200_000],
    ["thousands of notifications", '{"jsonrpc":"2.0","method":"ping"}', 200_000],
    ["thousands of batches", batch(100), 400],
  ])("%s at once are answered or cut off with a reason, and nobody else notices", async (_what, payload, count) => {
    const one = encodeFrame({ payload });
    const bytes = Buffer.alloc(one.length * count, one);
    await using socket = await RawSocket.open(gateway.port, headers);
    await unnoticed(async () => {
      await socket.write(bytes);
      await socket.text(call("after", "ping"));
      const answered = socket.next("the answer", (answer) => answer.includes('"id":"after"')).then(() => "answered");
      const end = await Promise.race([answered.catch(() => "nothing"), socket.ended]);
      expect([
        "answered",
        { code: 1008, reason: "too many frames at once" },
        { code: 1008, reason: "too many frames before authentication" },
        { code: 1008, reason: "slow consumer" },
      ]).toContainEqual(end);
    });
  });

  test.each([1, 2, 3])("mutated frames are answered with JSON-RPC or cut off with a reason (seed %d)", async (seed) => {
    const roll = dice(seed);
    const kinds = new Set<string>();
    let sent = 0;
    await unnoticed(async () => {
      while (sent < 1_000) {
        await using socket = await RawSocket.open(gateway.port, headers);
        for (let i = 0; i < 50 && !socket.hasEnded; i++, sent++) await socket.frame(mutation(roll));
        await socket.text(call("after", "ping"));
        const answered = socket.next("an answer", (answer) => answer.includes('"id":"after"'));
        const end = await Promise.race([answered, socket.ended]);
        if (typeof end !== "string") expect(end.code).toBeOneOf([1007, 1008]);
        const answers = socket.texts.filter((answer) => !isGreeting(answer));
        for (const answer of answers) for (const kind of kindsOf(answer)) kinds.add(kind);
      }
    });
    expect([...kinds]).toEqual(expect.arrayContaining(["-32700", "-32600", "a result"]));
  });
});

const corpus = [
  call(1, "ping"),
  call("a", "chat.send", { sessionKey: "main", message: 'hello \\ "there" 😀', idempotencyKey: "k" }),
  `[${call(1, "ping")},${call(null, "sessions.list", { limit: 5 })},{"jsonrpc":"2.0","method":"ping"}]`,
  call(1.5, "sessions.patch", { sessionKey: "main", label: "x", thinking: "low" }),
  call(2, "chat.history", { sessionKey: "agent:main:main", limit: 3 }),
];

function mutation(roll: (sides: number) => number): RawFrame {
  return { payload: mutate(corpus, roll), opcode: roll(4) === 0 ? opcode.binary : opcode.text };
}

/** The first frame on a socket, which asks clients of the other dialect to sign. */
function isGreeting(answer: string): boolean {
  return answer.startsWith('{"type":"event","event":"connect.challenge"');
}

/** Checks that a text is JSON-RPC, and says which errors are in it. */
function kindsOf(answer: string): string[] {
  const parsed = JSON.parse(answer) as Record<string, unknown> | Record<string, unknown>[];
  return [parsed].flat().map((one) => {
    expect(one["jsonrpc"]).toBe("2.0");
    if (typeof one["method"] === "string") return "an event";
    expect("id" in one && "result" in one !== "error" in one).toBeTrue();
    return "result" in one ? "a result" : String((one["error"] as { code: number }).code);
  });
}

describe("POST /rpc", () => {
  test.each<[string, () => string | Buffer, number, number | null]>([
    ["a million brackets", () => "[".repeat(million), 200, -32600],
    ["a million keys", () => `{${keys(million)}}`, 413, null],
    ["as many keys as are let through", () => call(1, "ping", JSON.parse(`{${keys(45_000)}}`)), 200, -32602],
    ["a batch of ten thousand", () => batch(10_000), 200, -32600],
    ["an empty batch", () => "[]", 200, -32600],
    ["nothing", () => "", 200, -32700],
    ["25 MB", () => Buffer.alloc(25 * million, "x"), 413, null],
    ["a little too much", () => " ".repeat(1024 * 1024 + 1), 413, -32014],
    ["no UTF-8", () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400, -32700],
    ["__proto__", () => '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"x":1}}}', 200, -32602],
  ])("%s gets a status and an error, and nobody else notices", async (_what, make, status, code) => {
    const body = make();
    await unnoticed(async () => {
      const headers = { ...bearer, "content-type": "application/json" };
      const response = await fetch(`${gateway.url}/rpc`, { method: "POST", body, headers });
      expect(response.status).toBe(status);
      if (code !== null) expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code } });
    });
  });
});

test("sockets that never complete their frames hold little, and do not keep others out", async () => {
  const before = rssMegabytes();
  const whole = encodeFrame({ payload: Buffer.alloc(million, "x") });
  const held: RawSocket[] = [];
  for (let i = 0; i < 150; i++) {
    const socket = await RawSocket.open(gateway.port);
    held.push(socket);
    await socket.write(whole.subarray(0, 900_000));
  }
  await using good = await SocketClient.open(gateway.socketUrl);
  expect(await good.call("ping")).toMatchObject({ pong: true });
  expect(rssMegabytes() - before).toBeLessThan(100);
  for (const socket of held) await socket[Symbol.asyncDispose]();
});

test("half a surrogate pair in a message is kept, and does not break what comes after it", async () => {
  await using client = await SocketClient.open(gateway.socketUrl);
  const { state } = await client.chat("half \ud800 a pair", "surrogates");
  expect(state).toBe("final");
  const { messages } = await client.call<{ messages: { content: { text: string }[] }[] }>("chat.history", {
    sessionKey: "surrogates",
  });
  expect(messages[0]?.content[0]?.text).toMatch(/^half (\ud800|\ufffd) a pair$/);
  expect(await client.chat("and on", "surrogates")).toMatchObject({ state: "final" });
});

test("a chunk longer than any body is refused without waiting for it", async () => {
  const head = `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const { status } = await sendRaw(gateway.port, `${head}FFFFFFF\r\n${"x".repeat(70_000)}`);
  expect(status).toBe(413);
});

test("after all of it the gateway is healthy, met nothing it had not planned for, and stops as it should", async () => {
  expect(await (await fetch(`${gateway.url}/health`)).json()).toMatchObject({ status: "healthy" });
  expect(await gateway.stop("SIGTERM")).toBe(0);
  const log = readFileSync(join(home.path, "state/logs/gateway.log"), "utf8");
  expect(log).toContain('"level":"info"');
  expect(log).not.toContain('"level":"error"');
});

function rssMegabytes(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

import { createLog } from "#base";
import { expect, test } from "bun:test";
import { dice } from "../support/dice.ts";
import { mutate } from "../support/mutate.ts";
import { type Frame, HeldSocket, House, openRpc, operator, request, rightToken, peer } from "../support/rpc-house.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const stepsPerSeed = 400;

const corpus = [
  request(1, "ping"),
  request("a", "chat.send", { sessionKey: "main", message: 'hello \\ "there" 😀', idempotencyKey: "k" }),
  `[${request(1, "ping")},${request(null, "sessions.list", { limit: 5 })},{"jsonrpc":"2.0","method":"ping"}]`,
  request(1.5, "config.patch", { patch: { gateway: { port: 1, names: ["a", "b"] } } }),
  request(2, "connect", { auth: { token: rightToken }, client: { id: "x", more: { deep: [1] } } }),
];

/** An answer is JSON-RPC: one object or an array of them, each with a result or an error and with an id. */
function expectJsonRpc(answer: string | undefined): void {
  if (answer === undefined) return;
  const parsed = JSON.parse(answer) as Frame | Frame[];
  for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
    expect(one).toMatchObject({ jsonrpc: "2.0" });
    expect("id" in one && "result" in one !== "error" in one).toBe(true);
    if (one.error) expect([typeof one.error.code, typeof one.error.message]).toEqual(["number", "string"]);
  }
}

test.each(seeds)("whatever is sent is answered as JSON-RPC, and nothing breaks (seed %d)", async (seed) => {
  const roll = dice(seed);
  const incidents: string[] = [];
  await using rpc = openRpc(new House(), { log: createLog({ level: "error", write: (line) => incidents.push(line) }) });
  const met = new Set<string>();
  for (let step = 0; step < stepsPerSeed; step++) {
    const text = mutate(corpus, roll);
    const answer = await rpc.answer(text, operator(rpc));
    expectJsonRpc(answer);
    for (const [, name = ""] of (answer ?? "").matchAll(/"name":"(\w+)","retryable"/g)) met.add(name);
    if (answer?.includes('"result"')) met.add("a result");
  }
  expect(incidents).toEqual([]);
  expect(({} as Record<string, unknown>)["prototype"]).toBeUndefined();
  expect([...met]).toEqual(expect.arrayContaining(["parseError", "invalidRequest", "invalidParams", "a result"]));
});

test.each(seeds.slice(0, 3))(
  "a socket survives whatever it is sent, before and after it authenticates (seed %d)",
  async (seed) => {
    const roll = dice(seed);
    await using rpc = openRpc(new House(), { mode: "none" });
    const socket = new HeldSocket();
    const line = rpc.open(socket, peer({ isIn: true }));
    for (let step = 0; step < 200; step++) {
      const text = mutate(corpus, roll);
      line.receive(roll(2) === 0 ? text : new TextEncoder().encode(text).slice(roll(3)));
      if (roll(10) === 0) await Bun.sleep(0);
    }
    line.receive(request("last", "ping"));
    for (let waits = 0; waits < 1_000 && !socket.answer("last"); waits++) await Bun.sleep(0);
    expect(socket.answer("last")?.result).toMatchObject({ pong: true });
    expect(socket.closed).toBeUndefined();
  },
);

const million = 1_000_000;
const hostile: readonly (readonly [string, () => string])[] = [
  ["a million brackets", () => "[".repeat(million)],
  ["a million nested objects", () => '{"a":'.repeat(million)],
  ["a million nested arrays, closed", () => "[".repeat(500_000) + "]".repeat(500_000)],
  ["a million keys", () => `{${Array.from({ length: million }, (_, i) => `"k${i}":1`).join(",")}}`],
  [
    "a hundred thousand keys",
    () =>
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(",")}}}`,
  ],
  ["a million quotes", () => '"'.repeat(million)],
  ["a million backslashes in a string", () => `"${"\\".repeat(million)}`],
  ["a million escaped quotes", () => `"${'\\"'.repeat(500_000)}`],
  ["a million lone surrogates", () => `"${"\ud800".repeat(300_000)}"`],
  ["a batch of ten thousand", () => `[${Array.from({ length: 10_000 }, (_, i) => request(i, "ping")).join(",")}]`],
  ["a batch of ten thousand numbers", () => `[${"1,".repeat(9_999)}1]`],
  ["25 MB of text", () => request(1, "chat.send", { sessionKey: "main", message: "x".repeat(25_000_000) })],
  ["25 MB of spaces", () => " ".repeat(25_000_000)],
  ["25 MB of brackets", () => "[".repeat(25_000_000)],
  ["a number of a million digits", () => `{"jsonrpc":"2.0","method":"ping","id":${"9".repeat(million)}}`],
  ["a method of a million letters", () => request(1, "x".repeat(million))],
  ["a parameter of a million letters", () => request(1, "ping", { ["x".repeat(million - 100)]: 1 })],
];

/** The limit on bytes lifted, so that what stands behind it is put to the test as well. */
test.each(
  hostile.flatMap(([what, make]) => [
    [what, "within the limit of bytes", make, 1024 * 1024] as const,
    [what, "with no limit of bytes", make, Number.POSITIVE_INFINITY] as const,
  ]),
)("%s, %s, is an error, and the loop goes on", async (_what, _how, make, frameBytes) => {
  const text = make();
  await using rpc = openRpc(new House(), { limits: { frameBytes } });
  const from = operator(rpc);
  const begin = performance.now();
  const answer = (await rpc.answer(text, from)) ?? "";
  const tookMs = performance.now() - begin;
  expectJsonRpc(answer);
  expect(answer).toContain('"error"');
  expect(answer.length).toBeLessThan(2_000);
  expect(tookMs).toBeLessThan(1_000);
  expect(await rpc.answer(request(1, "ping"), from)).toContain('"pong":true');
});

import { createLog } from "#base";
import { expect, test } from "bun:test";
import { until } from "../../support/until.ts";
import { callerFrom, type Frame, House, openRpc, operator, request } from "../../support/rpc-house.ts";

async function ask(text: string, options: Parameters<typeof openRpc>[1] = {}): Promise<Frame & Frame[]> {
  await using rpc = openRpc(new House(), options);
  const answer = await rpc.answer(text, operator(rpc));
  return JSON.parse(answer ?? "null") as Frame & Frame[];
}

const deep = (by: number) => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${"[".repeat(by)}${"]".repeat(by)}}`;
const pings = (count: number) => `[${Array.from({ length: count }, (_, i) => request(i, "ping")).join(",")}]`;

test.each([
  ['"a string"'],
  ['"\\ud800 half a pair"'],
  ["7"],
  ["0"],
  ["-3"],
  ["1.5"],
  ["null"],
  ["12345678901234567890"],
  ["9007199254740993"],
  ["1e400"],
  ["0.1000000000000000055511151231257827"],
])("the id %s comes back unchanged", async (id) => {
  await using rpc = openRpc(new House());
  const text = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
  expect(await rpc.answer(text, operator(rpc))).toStartWith(`{"jsonrpc":"2.0","id":${id},"result":{`);
  expect(await rpc.answer(`[${text}]`, operator(rpc))).toStartWith(`[{"jsonrpc":"2.0","id":${id},"result":{`);
});

test("an id inside the params is not taken for the request's", async () => {
  const { id, error } = await ask('{"jsonrpc":"2.0","id":1.25,"method":"ping","params":{"id":9007199254740993}}');
  expect(id).toBe(1.25);
  expect(error?.data).toMatchObject({ name: "invalidParams", path: "id" });
});

test.each([["true", "{}", "[]", '{"toString":1}', `1${"0".repeat(100)}`].map((id) => id)].flat())(
  "the id %s is none",
  async (id) => {
    const answer = await ask(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect(answer).toMatchObject({ id: null, error: { code: -32600 } });
  },
);

test.each([
  ["no version", '{"id":1,"method":"ping"}', 1, -32600],
  ["another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', 1, -32600],
  ["a version that is a number", '{"jsonrpc":2.0,"id":1,"method":"ping"}', 1, -32600],
  ["no method", '{"jsonrpc":"2.0","id":1}', 1, -32600],
  ["a method of the prototype", '{"jsonrpc":"2.0","id":1,"method":"toString"}', 1, -32601],
  ["params that are text", '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}', 1, -32600],
  ["params that are null", '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', 1, -32600],
  ["params by position", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 1, -32602],
  ["a member through the prototype", '{"id":1,"__proto__":{"jsonrpc":"2.0","method":"ping"}}', 1, -32600],
  ["nothing", "", null, -32700],
  ["half a request", '{"jsonrpc":"2.0","id":1,"method":"pi', null, -32700],
  ["text", '"ping"', null, -32600],
  ["null", "null", null, -32600],
])("%s is refused", async (_what, text, id, code) => {
  expect(await ask(text)).toMatchObject({ jsonrpc: "2.0", id, error: { code, data: { retryable: false } } });
});

test("an unknown parameter is refused by its name, and its value is not repeated", async () => {
  const { error } = await ask(request(1, "ping", { tokne: "do-not-repeat" }));
  expect(error).toMatchObject({ code: -32602, data: { name: "invalidParams", path: "tokne" } });
  expect(JSON.stringify(error)).not.toContain("do-not-repeat");
});

test.each(["__proto__", "constructor", "prototype"])("a parameter called %s is refused, however deep", async (name) => {
  const text = `{"jsonrpc":"2.0","id":1,"method":"config.patch","params":{"patch":{"a":[{"${name}":{"x":1}}]}}}`;
  expect((await ask(text)).error).toMatchObject({ code: -32602, data: { path: `patch.a.0.${name}` } });
  expect(({} as { x?: number }).x).toBeUndefined();
});

test("what is nested too deep, or holds too much, is refused before it is parsed; text in strings does not count", async () => {
  expect((await ask(deep(64))).error?.message).toContain("nested more than 64 deep");
  expect((await ask(deep(63))).error?.code).toBe(-32602);
  expect((await ask(`[${"1,".repeat(50_001)}1]`)).error?.message).toContain("more than 50000 keys and elements");
  const quoted = JSON.stringify(`${'[{,\\"'.repeat(20_000)}\\`);
  expect((await ask(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"text":${quoted}}}`)).error?.data).toMatchObject(
    { path: "text" },
  );
});

test("a text of too many bytes is refused, and a caller without a token may send fewer", async () => {
  const long = `"${"ü".repeat(40_000)}"`;
  expect((await ask(long)).error?.code).toBe(-32600);
  expect((await ask(long, { limits: { frameBytes: 50_000 } })).error).toMatchObject({
    code: -32014,
    data: { name: "tooLarge" },
  });
  await using rpc = openRpc(new House());
  const stranger = { caller: callerFrom("10.0.0.1", false), signal: new AbortController().signal };
  expect(await rpc.answer(long, stranger)).toContain('"code":-32014');
});

test("a batch has a limit in entries, and its answers one in length", async () => {
  const full = await ask(pings(1_000));
  expect(full.map((answer) => answer.id)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  expect(await ask(pings(1_001))).toMatchObject({ id: null, error: { code: -32600 } });
  const cut = await ask(pings(100), { limits: { answerBytes: 300, batchWorkers: 1 } });
  expect(cut).toHaveLength(100);
  expect(cut.at(0)?.result).toMatchObject({ pong: true });
  expect(cut.at(-1)?.error?.data["name"]).toBe("tooLarge");
});

test("while a long batch is answered, everything else gets its turn", async () => {
  await using rpc = openRpc(new House());
  const state = { isAnswered: false, turns: 0 };
  void rpc.answer(pings(320), operator(rpc)).then(() => (state.isAnswered = true));
  while (!state.isAnswered) {
    await new Promise((resolve) => setImmediate(resolve));
    state.turns++;
  }
  expect(state.turns).toBeGreaterThan(10);
});

test("the entries of a batch run side by side, so many and no more", async () => {
  const house = new House();
  let [running, most] = [0, 0];
  const gate = Promise.withResolvers<void>();
  house.status = async () => {
    most = Math.max(most, ++running);
    await gate.promise;
    running--;
    throw new Error("over");
  };
  await using rpc = openRpc(house, { limits: { batchWorkers: 5 } });
  const batch = `[${Array.from({ length: 20 }, (_, i) => request(i, "status")).join(",")}]`;
  const answered = rpc.answer(batch, operator(rpc));
  await until("five at once", () => most >= 5);
  gate.resolve();
  await answered;
  expect(most).toBe(5);
});

test("an answer that is too long is refused with what to do about it", async () => {
  const { id, error } = await ask(request(1, "connect"), { limits: { answerBytes: 100 } });
  expect(id).toBe(1);
  expect(error?.message).toContain("ask for less");
});

test("what nobody planned for is logged under a number, and the caller sees the number alone", async () => {
  const lines: string[] = [];
  const house = new House();
  house.status = () => Promise.reject(new TypeError("the disk said: /secret/path"));
  await using rpc = openRpc(house, { log: createLog({ level: "info", write: (line) => lines.push(line) }) });
  const answer = JSON.parse((await rpc.answer(request(1, "status"), operator(rpc))) ?? "") as Frame;
  const incident = String(answer.error?.data["incident"]);
  expect(answer.error).toMatchObject({ code: -32603, data: { name: "internal" } });
  expect(JSON.stringify(answer)).not.toContain("/secret/path");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(incident);
  expect(lines[0]).toContain("the disk said");
});

test("a notification is carried out and never answered, whatever becomes of it", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  const notify = (method: string, params: unknown) =>
    rpc.answer(JSON.stringify({ jsonrpc: "2.0", method, params }), operator(rpc));
  expect(await notify("message.send", { channel_id: "webchat", chat_id: "1", text: "hi" })).toBeUndefined();
  expect(await notify("message.send", { channel_id: "nowhere", chat_id: "1", text: "hi" })).toBeUndefined();
  expect(await notify("message.send", {})).toBeUndefined();
  expect(house.sent).toHaveLength(1);
});

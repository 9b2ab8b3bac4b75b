import { afterAll, expect, test } from "bun:test";
import { startGateway, token } from "../support/gateway-process.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { tempFolder } from "../support/temp-folder.ts";

const home = tempFolder();
const gateway = await startGateway({ home: home.path });
const bearer = { Authorization: `Bearer ${token}` };
const socket = await RawSocket.open(gateway.port, bearer);

afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** Sends the text, then a ping: whatever came before the ping's answer is the answer to the text. Events are left out. */
async function overSocket(text: string): Promise<string | undefined> {
  const from = socket.texts.length;
  const last = crypto.randomUUID();
  await socket.text(text);
  await socket.text(`{"jsonrpc":"2.0","id":"${last}","method":"ping"}`);
  await socket.next("the answer to the ping", (answer) => answer.includes(last), from);
  const answers = socket.texts.slice(from).filter((answer) => !isEvent(answer) && !answer.includes(last));
  expect(answers.length).toBeLessThan(2);
  return answers[0];
}

const isEvent = (text: string) => text.startsWith('{"jsonrpc":"2.0","method":');

async function overHttp(text: string): Promise<string | undefined> {
  const headers = { ...bearer, "content-type": "application/json" };
  const response = await fetch(`${gateway.url}/rpc`, { method: "POST", body: text, headers });
  expect(response.status).toBeOneOf([200, 204]);
  return response.status === 204 ? undefined : response.text();
}

const doors = [
  ["the socket", overSocket],
  ["POST /rpc", overHttp],
] as const;

const problem = (code: number, id: unknown = null) => ({
  jsonrpc: "2.0",
  error: { code, message: expect.any(String), data: expect.any(Object) },
  id,
});
const pong = (id: unknown) => ({ jsonrpc: "2.0", result: { pong: true, time: expect.any(Number) }, id });

// The specification's examples (https://www.jsonrpc.org/specification#examples) as they stand there, with the answers of a
// server that has none of their methods; then what they show, with a method it has.
test.each<[string, string, unknown]>([
  [
    "positional parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    problem(-32601, 1),
  ],
  ["the other way", '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', problem(-32601, 2)],
  [
    "named parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    problem(-32601, 3),
  ],
  [
    "named parameters, the other way",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    problem(-32601, 4),
  ],
  ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ["a notification of nothing", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ["a method that is not there", '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', problem(-32601, "1")],
  ["invalid JSON", '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', problem(-32700)],
  ["an invalid request", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', problem(-32600)],
  [
    "a batch of invalid JSON",
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    problem(-32700),
  ],
  ["an empty batch", "[]", problem(-32600)],
  ["a batch of one thing that is none", "[1]", [problem(-32600)]],
  ["a batch of things that are none", "[1,2,3]", [problem(-32600), problem(-32600), problem(-32600)]],
  [
    "a batch of all kinds",
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "ping", "id": "9"}]`,
    [problem(-32601, "1"), problem(-32601, "2"), problem(-32600), problem(-32601, "5"), pong("9")],
  ],
  [
    "a batch of notifications",
    '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
    undefined,
  ],
  ["a call without params", '{"jsonrpc":"2.0","method":"ping","id":1}', pong(1)],
  ["a call with named params", '{"jsonrpc":"2.0","method":"ping","params":{},"id":1}', pong(1)],
  [
    "params by position where they have names",
    '{"jsonrpc":"2.0","method":"ping","params":[1],"id":1}',
    problem(-32602, 1),
  ],
  ["a parameter that is none", '{"jsonrpc":"2.0","method":"ping","params":{"x":1},"id":1}', problem(-32602, 1)],
  ["a notification that fails", '{"jsonrpc":"2.0","method":"ping","params":{"x":1}}', undefined],
  ["an older version", '{"method":"ping","params":[],"id":1}', problem(-32600, 1)],
  ["a version as a number", '{"jsonrpc":2.0,"method":"ping","id":1}', problem(-32600, 1)],
  ["an id that is none", '{"jsonrpc":"2.0","method":"ping","id":{}}', problem(-32600)],
  ["white space around it", ' \r\n\t{"jsonrpc":"2.0","method":"ping","id":1}\n', pong(1)],
  ["an id that is an integer in other words", '{"jsonrpc":"2.0","method":"ping","id":1e3}', pong(1000)],
])("%s", async (_what, text, expected) => {
  for (const [door, ask] of doors) {
    const answer = await ask(text);
    expect([door, answer === undefined ? undefined : JSON.parse(answer)]).toEqual([door, expected]);
  }
});

test.each([
  '"a string"',
  '""',
  '"\\ud800"',
  "0",
  "-1",
  "1.5",
  "1E+400",
  "9007199254740993",
  "123456789012345678901234567890",
  "0.1000000000000000055511151231257827",
  "null",
])("the id %s comes back as it was sent", async (id) => {
  for (const [door, ask] of doors) {
    const answered = await ask(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect([door, answered?.startsWith(`{"jsonrpc":"2.0","id":${id},"result":`)]).toEqual([door, true]);
    const refused = await ask(`{"jsonrpc":"2.0","id":${id},"method":"nope"}`);
    expect([door, refused?.startsWith(`{"jsonrpc":"2.0","id":${id},"error":`)]).toEqual([door, true]);
  }
});

test("a message in pieces, with a ping between them, is one message", async () => {
  await using pieces = await RawSocket.open(gateway.port, bearer);
  await pieces.frame({ payload: '{"jsonrpc":"2.0",', isLast: false });
  await pieces.frame({ opcode: 0, payload: '"id":"pieces","met', isLast: false });
  await pieces.frame({ opcode: 9, payload: "between" });
  await pieces.frame({ opcode: 0, payload: 'hod":"ping"}' });
  expect(JSON.parse(await pieces.next("the answer", (text) => text.includes("pieces")))).toEqual(pong("pieces"));
});

import { Fault, fault } from "#protocol";
import { expect, test } from "bun:test";
import type { Calls } from "../../../src/rpc/dispatcher.ts";
import { JsonRpc } from "../../../src/rpc/jsonrpc.ts";
import { defaultLimits } from "../../../src/rpc/limits.ts";
import { House, openRpc, operator } from "../../support/rpc-house.ts";

/** The methods of the specification's examples, which unlike ours take params by position too. */
const told: string[] = [];
const calls: Calls = {
  call: async (name, params) => {
    told.push(name);
    if (name === "subtract") {
      const { minuend, subtrahend } = params as Record<string, number>;
      const [a, b] = Array.isArray(params) ? (params as number[]) : [minuend, subtrahend];
      return (a ?? 0) - (b ?? 0);
    }
    if (name === "sum") return (params as number[]).reduce((a, b) => a + b, 0);
    if (name === "get_data") return ["hello", 5];
    if (name === "update" || name.startsWith("notify_")) return undefined;
    throw fault.methodNotFound({ method: name });
  },
  incident: (error) => new Fault("internal", { incident: "none" }, error),
};

const rpc = openRpc(new House());
const origin = {
  ...operator(rpc),
  isGone: false,
  authenticate: async () => operator(rpc).caller,
  interests: () => undefined,
  begin: () => true,
  end: () => {},
  refused: () => {},
};
const dialect = new JsonRpc(calls, defaultLimits);

const invalidRequest = {
  jsonrpc: "2.0",
  error: { code: -32600, message: expect.any(String), data: expect.anything() },
  id: null,
};
const parseError = { ...invalidRequest, error: { ...invalidRequest.error, code: -32700 } };
const notFound = (id: unknown) => ({ ...invalidRequest, error: { ...invalidRequest.error, code: -32601 }, id });

// https://www.jsonrpc.org/specification#examples, all of them in their order
test.each([
  [
    "positional parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: "2.0", result: 19, id: 1 },
  ],
  [
    "positional parameters, the other way",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: "2.0", result: -19, id: 2 },
  ],
  [
    "named parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: "2.0", result: 19, id: 3 },
  ],
  [
    "named parameters, the other way",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    { jsonrpc: "2.0", result: 19, id: 4 },
  ],
  ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ["a notification of nothing", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ["a method that is not there", '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', notFound("1")],
  ["invalid JSON", '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', parseError],
  ["an invalid request", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', invalidRequest],
  [
    "a batch of invalid JSON",
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    parseError,
  ],
  ["an empty batch", "[]", invalidRequest],
  ["a batch of one thing that is none", "[1]", [invalidRequest]],
  ["a batch of things that are none", "[1,2,3]", [invalidRequest, invalidRequest, invalidRequest]],
  [
    "a batch of all kinds",
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
    [
      { jsonrpc: "2.0", result: 7, id: "1" },
      { jsonrpc: "2.0", result: 19, id: "2" },
      invalidRequest,
      notFound("5"),
      { jsonrpc: "2.0", result: ["hello", 5], id: "9" },
    ],
  ],
  [
    "a batch of notifications",
    '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
    undefined,
  ],
] as const)("the specification's example: %s", async (_what, text, expected) => {
  const answer = await dialect.answer(text, origin);
  expect(answer === undefined ? undefined : (JSON.parse(answer) as unknown)).toEqual(expected);
});

test("notifications are carried out, not only swallowed", () => {
  expect(told).toContain("update");
  expect(told.filter((name) => name.startsWith("notify_"))).toEqual(["notify_hello", "notify_sum", "notify_hello"]);
});

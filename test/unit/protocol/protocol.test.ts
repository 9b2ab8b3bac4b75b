import { allScopes, Fault, fault, faultCodes, faults, permits, type RequiredScope, type Scope } from "#protocol";
import { expect, test } from "bun:test";

test("a fault fills its sentence and keeps its cause", () => {
  const cause = new Error("disk");
  const thrown = fault.sessionNotFound({ key: "agent:main:x" }, cause);
  expect(thrown).toBeInstanceOf(Fault);
  expect(thrown.message).toBe("There is no session “agent:main:x”.");
  expect([thrown.rpc, thrown.status, thrown.isRetryable]).toEqual([-32004, 404, false]);
  expect(thrown.cause).toBe(cause);
});

test.each([
  ["it broke", "There is no model “x”; it broke."],
  ["did you mean y?", "There is no model “x”; did you mean y?"],
  ["Set one.", "There is no model “x”; Set one."],
])("a fault whose last words are %p ends with one mark", (hint, sentence) => {
  expect(fault.modelNotFound({ model: "x", hint }).message).toBe(sentence);
});

test("every fault has its own number, in the ranges of JSON-RPC 2.0, and a fitting HTTP status", () => {
  const numbers = faultCodes().map((code) => faults[code].rpc);
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const code of faultCodes()) {
    const { rpc, status, says } = faults[code];
    const isReserved = [-32700, -32600, -32601, -32602, -32603].includes(rpc);
    expect(isReserved || (rpc <= -32000 && rpc >= -32099), code).toBe(true);
    expect(status, code).toBeGreaterThanOrEqual(400);
    expect(says, code).toMatch(/[.}]$/);
  }
});

test.each<[Scope[], RequiredScope, boolean]>([
  [[], "public", true],
  [[], "operator.read", false],
  [["operator.write"], "operator.read", true],
  [["operator.read"], "operator.write", false],
  [["operator.write"], "operator.sessions.read", true],
  [["operator.read"], "operator.sessions.write", false],
  [["operator.talk"], "operator.talk.secrets", false],
  [["operator.write"], "operator.admin", false],
  [["operator.admin"], "operator.pairing", true],
  [["operator.approvals"], "operator.read", false],
  [["operator.pairing"], "operator.approvals", false],
])("%p permits %s: %p", (granted, needed, expected) => {
  expect(permits(new Set(granted), needed)).toBe(expected);
});

test("the ten scopes are those of the wire protocol", () => {
  expect(allScopes).toEqual([
    "operator.read",
    "operator.write",
    "operator.admin",
    "operator.approvals",
    "operator.pairing",
    "operator.questions",
    "operator.sessions.read",
    "operator.sessions.write",
    "operator.talk",
    "operator.talk.secrets",
  ]);
});

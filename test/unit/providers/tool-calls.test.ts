import { expect, test } from "bun:test";
import { ToolCalls, type ToolCallPiece } from "../../../src/providers/tool-calls.ts";

function assemble(...pieces: ToolCallPiece[]) {
  const calls = new ToolCalls();
  for (const piece of pieces) expect(calls.add(piece)).toBeTrue();
  return calls.finish([], false);
}

test("pieces of parallel calls find their call by its index, however they are mixed", () => {
  expect(
    assemble(
      { index: 0, id: "a", name: "read", args: "" },
      { index: 1, id: "b", name: "bash", args: '{"c' },
      { index: 0, args: '{"path":' },
      { index: 1, args: 'md":1}' },
      { index: 0, args: '"x"}' },
    ),
  ).toEqual([
    { type: "toolCall", id: "a", name: "read", args: { path: "x" } },
    { type: "toolCall", id: "b", name: "bash", args: { cmd: 1 } },
  ]);
});

test.each([
  ["all with the same index", 0],
  ["all without an index", undefined],
])("whole calls, %s, are told apart by their ids", (_what, index) => {
  const calls = assemble(
    { index, id: "a", name: "read", args: '{"n":1}' },
    { index, id: "b", name: "read", args: '{"n":2}' },
  );
  expect(calls).toMatchObject([{ args: { n: 1 } }, { args: { n: 2 } }]);
});

test("a server that repeats id and name in every piece still means one call", () => {
  const piece = { index: 0, id: "a", name: "read" };
  expect(assemble({ ...piece, args: '{"n"' }, { ...piece, args: ":1}" })).toEqual([
    { type: "toolCall", id: "a", name: "read", args: { n: 1 } },
  ]);
});

test("a missing name and a missing id are made up", () => {
  const calls = assemble({ index: 0, args: "{}" }, { index: 1, args: "{}" });
  const ids = calls.map((call) => (call.type === "toolCall" ? call.id : ""));
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(calls[0]).toMatchObject({ name: "unnamed" });
});

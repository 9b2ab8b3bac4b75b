import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { explain } from "../../../src/cli/explain.ts";

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("what the machine refuses is a sentence, and no bug", () => {
  const error = thrownBy(() => readFileSync("/"));
  expect(explain(error)).toEqual({
    type: "systemRefused",
    message: expect.stringMatching(/: it is a folder \(EISDIR\)\.$/),
    exitCode: 1,
  });
  const full = Object.assign(new Error("x"), { code: "ENOSPC", syscall: "write", path: "/a/b" });
  expect(explain(full).message).toBe("/a/b cannot be used: the disk is full (ENOSPC).");
});

test("any other error is a bug, with its stack", () => {
  expect(explain(thrownBy(() => readFileSync("/nowhere/at/all")))).toMatchObject({ type: "internal", exitCode: 1 });
  expect(explain(new Error("x")).stack).toContain("explain.test.ts");
});

import { expect, test } from "bun:test";
import { armFailPoint, failPoint } from "#base";

test("a fail-point does nothing until a test arms it by its name, and nothing again when it is disarmed", () => {
  let passed = 0;
  expect(failPoint("a.place")).toBe(false);
  const disarm = armFailPoint("a.place", () => passed++);
  expect(failPoint("a.place")).toBe(true);
  expect(failPoint("another.place")).toBe(false);
  expect(passed).toBe(1);
  disarm();
  expect(failPoint("a.place")).toBe(false);
  expect(passed).toBe(1);
});

import { countOf, ordinal } from "#base";
import { expect, test } from "bun:test";

test("one is one, and all others are many", () => {
  expect([0, 1, 2].map((n) => countOf(n, "call"))).toEqual(["0 calls", "1 call", "2 calls"]);
  expect([1, 3].map((n) => countOf(n, "try", "tries"))).toEqual(["1 try", "3 tries"]);
});

test("what comes in an order is counted as people count it", () => {
  const all = [1, 2, 3, 4, 10, 11, 12, 13, 14, 21, 22, 23, 101, 111, 112, 113].map((n) => ordinal(n));
  expect(all.join(" ")).toBe("1st 2nd 3rd 4th 10th 11th 12th 13th 14th 21st 22nd 23rd 101st 111th 112th 113th");
});

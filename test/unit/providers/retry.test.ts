import { expect, test } from "bun:test";
import { backoffMs } from "#base";
import type { Failure } from "../../../src/providers/failure.ts";
import { waitBeforeRetry } from "../../../src/providers/retry.ts";
import { retryAfterMs } from "../../../src/providers/retry-after.ts";

const transient: Failure = { kind: "overloaded", says: "busy", isTransient: true };
const most = () => 1;

test("waits grow, are random between nothing and their bound, and end after five tries", () => {
  const waits = [1, 2, 3, 4, 5].map((tries) => waitBeforeRetry(transient, { tries, elapsedMs: 0 }, most));
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, undefined]);
  expect(waitBeforeRetry(transient, { tries: 3, elapsedMs: 0 }, () => 0)).toBe(0);
  expect(backoffMs({ firstMs: 500, mostMs: 8_000 }, 3, () => 0.5)).toBe(1_000);
});

test("nothing that would fail again is tried again", () => {
  expect(waitBeforeRetry({ ...transient, isTransient: false }, { tries: 1, elapsedMs: 0 })).toBeUndefined();
});

test("no try begins after 90 seconds", () => {
  const asked = { ...transient, retryAfterMs: 60_000 };
  expect(waitBeforeRetry(asked, { tries: 1, elapsedMs: 0 }, () => 0)).toBe(60_000);
  expect(waitBeforeRetry(asked, { tries: 2, elapsedMs: 30_001 }, () => 0)).toBeUndefined();
  expect(waitBeforeRetry(transient, { tries: 1, elapsedMs: 89_900 }, most)).toBeUndefined();
});

test("what the server asks for is the least that is waited, up to a minute", () => {
  const waits = Array.from({ length: 50 }, () =>
    waitBeforeRetry({ ...transient, retryAfterMs: 5_000 }, { tries: 1, elapsedMs: 0 }),
  );
  for (const wait of waits) expect(wait).toBeWithin(5_000, 5_501);
  expect(waitBeforeRetry({ ...transient, retryAfterMs: 60_001 }, { tries: 1, elapsedMs: 0 })).toBeUndefined();
});

test.each([
  [{}, undefined],
  [{ "retry-after": "12" }, 12_000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "1.5" }, 1_500],
  [{ "retry-after": "Tue, 20 Oct 2026 10:00:30 GMT" }, 30_000],
  [{ "retry-after": "Tue, 20 Oct 2026 09:00:00 GMT" }, 0],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
  [{ "retry-after-ms": "nonsense", "retry-after": "9" }, 9_000],
] as const)("%j means %p", (headers, ms) => {
  expect(retryAfterMs(new Headers(headers), Date.parse("2026-10-20T10:00:00Z"))).toBe(ms);
});

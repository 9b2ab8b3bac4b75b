import { deadline } from "#base";
import { expect, test } from "bun:test";
import { until } from "../../support/until.ts";

test("a deadline aborts with the signal it follows, for the same reason", () => {
  const stop = new AbortController();
  using bounded = deadline(stop.signal, 60_000);
  expect(bounded.signal.aborted).toBe(false);
  stop.abort("enough");
  expect(bounded.signal.reason).toBe("enough");
});

test("a deadline aborts at once where its signal had aborted before", () => {
  using bounded = deadline(AbortSignal.abort("before"), 60_000);
  expect(bounded.signal.reason).toBe("before");
});

test("a deadline aborts when its time is over", async () => {
  using bounded = deadline(new AbortController().signal, 1);
  await until("the end of the time", () => bounded.signal.aborted);
  expect(bounded.signal.reason).toMatchObject({ name: "TimeoutError" });
});

test("a deadline that was disposed of aborts neither way", async () => {
  const stop = new AbortController();
  const bounded = deadline(stop.signal, 1);
  bounded[Symbol.dispose]();
  using later = deadline(stop.signal, 1);
  await until("a later deadline", () => later.signal.aborted);
  stop.abort();
  expect(bounded.signal.aborted).toBe(false);
});

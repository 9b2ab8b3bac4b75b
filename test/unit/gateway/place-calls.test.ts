import { expect, test } from "bun:test";
import { type Lack, PlaceCalls } from "../../../src/gateway/inbound/place-calls.ts";

const never = 600_000;

/** Waiters by name, who note when they are called; the first of them came first. */
function waiting(calls: PlaceCalls, lacks: readonly (readonly [lane: string, lack: Lack])[]) {
  const called: string[] = [];
  for (const [n, [lane, lack]] of lacks.entries()) {
    const seat = calls.sit(lane, n);
    void seat.rest(lack, never).then(() => called.push(lane));
  }
  return { called, free: async (lane: string) => (calls.freed(lane), Bun.sleep(0)) };
}

test("one is called for each place, and of those whom it helps the one who came first", async () => {
  using calls = new PlaceCalls();
  const lacks = [
    ["a", "laneFull"],
    ["b", "queueFull"],
    ["c", "queueFull"],
  ] as const;
  const { called, free } = waiting(calls, lacks);
  await free("x");
  expect(called).toEqual(["b"]);
  await free("a");
  expect(called).toEqual(["b", "a"]);
  await free("x");
  expect(called).toEqual(["b", "a", "c"]);
});

test("a place in a lane calls nobody who waits for another lane, or for something else", async () => {
  using calls = new PlaceCalls();
  const lacks = [
    ["a", "laneFull"],
    ["b", "notYet"],
  ] as const;
  const { called, free } = waiting(calls, lacks);
  await free("b");
  expect(called).toEqual([]);
  await free("a");
  expect(called).toEqual(["a"]);
});

test("who was trying when a place became free tries once more, and then rests", async () => {
  using calls = new PlaceCalls();
  const seat = calls.sit("a", 0);
  calls.freed("a");
  await seat.rest("laneFull", never);
  const second = seat.rest("laneFull", never).then(() => "called");
  expect(await Promise.race([second, Bun.sleep(5).then(() => "rests")])).toBe("rests");
});

test("whose lane has room again is called for any place, when another one was first to be called", async () => {
  using calls = new PlaceCalls();
  const lacks = [
    ["b", "queueFull"],
    ["a", "laneFull"],
  ] as const;
  const { called, free } = waiting(calls, lacks);
  await free("a");
  await free("b");
  expect(called).toEqual(["b", "a"]);
});

test("who cannot use the place they were called for passes the call on, once", async () => {
  using calls = new PlaceCalls();
  const seat = calls.sit("a", 0);
  const rested = seat.rest("queueFull", never);
  calls.freed("x");
  await rested;
  const { called } = waiting(calls, [["b", "queueFull"]]);
  void seat.rest("laneFull", never);
  await Bun.sleep(0);
  expect(called).toEqual(["b"]);
});

test("who was trying when their own lane got room tries once more, also when another one is called for it", async () => {
  using calls = new PlaceCalls();
  const { called } = waiting(calls, [["b", "queueFull"]]);
  const seat = calls.sit("a", 1);
  calls.freed("a");
  await seat.rest("laneFull", never);
  expect(called).toEqual(["b"]);
});

test("who left their seat takes no call away from others", async () => {
  using calls = new PlaceCalls();
  calls.sit("a", 0)[Symbol.dispose]();
  const { called, free } = waiting(calls, [["b", "queueFull"]]);
  await free("a");
  expect(called).toEqual(["b"]);
});

test("the end wakes everybody", async () => {
  const calls = new PlaceCalls();
  const { called } = waiting(calls, [["a", "notYet"]]);
  calls[Symbol.dispose]();
  await Bun.sleep(0);
  expect(called).toEqual(["a"]);
});

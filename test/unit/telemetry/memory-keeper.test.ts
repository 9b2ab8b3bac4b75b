import { expect, spyOn, test } from "bun:test";
import { createMemoryKeeper } from "#telemetry";
import { until } from "../../support/until.ts";

/** Time as the keeper sees it: it stands still, but for the collections. */
function heldTime(pauseMs = 0) {
  return { ms: 0, pauseMs, heapBytes: 0, collections: 0, beside: 0 };
}

const plenty = 4 * 1024 ** 3;

function keeperIn(time: ReturnType<typeof heldTime>, { quietMs = 60_000, memoryBytes = plenty } = {}) {
  const collect = () => {
    time.collections++;
    time.ms += time.pauseMs;
  };
  const collectBeside = () => void time.beside++;
  const clock = { now: () => time.ms, elapsed: () => time.ms };
  return createMemoryKeeper({ collect, collectBeside, heapBytes: () => time.heapBytes, memoryBytes, clock, quietMs });
}

const nextImmediate = () => new Promise((resolve) => setImmediate(resolve));

test("amid work it collects once for some hundred events, and not before the work has said what it has to say", async () => {
  const time = heldTime();
  using keeper = keeperIn(time);
  for (let i = 0; i < 399; i++) keeper.worked(1);
  await nextImmediate();
  expect(time.collections).toBe(0);
  keeper.worked(1);
  keeper.worked(1);
  expect(time.collections).toBe(0);
  await nextImmediate();
  expect(time.collections).toBe(1);
  keeper.worked(399);
  await nextImmediate();
  expect(time.collections).toBe(1);
  keeper.worked(1);
  await nextImmediate();
  expect(time.collections).toBe(2);
});

test("a short pause of 5 ms is followed by 20 times as long without one", async () => {
  const time = heldTime(5);
  using keeper = keeperIn(time);
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += 5 * 20 - 1;
  keeper.worked(4_000);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += 1;
  keeper.worked(1);
  await nextImmediate();
  expect(time.collections).toBe(2);
});

test.each([
  { memoryBytes: plenty, times: 400 },
  { memoryBytes: 256 * 1024 ** 2, times: 50 },
])("with $memoryBytes bytes, pauses that are felt are followed by $times times as long without one", async (given) => {
  const { memoryBytes, times } = given;
  const time = heldTime(30);
  using keeper = keeperIn(time, { memoryBytes });
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += 30 * times - 1;
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += 1;
  keeper.worked(1);
  await nextImmediate();
  expect(time.collections).toBe(2);
});

test("one pause that something else made long does not put off the next collection", async () => {
  const time = heldTime(5);
  using keeper = keeperIn(time);
  keeper.worked(400);
  await nextImmediate();
  time.ms += 5 * 20;
  time.pauseMs = 500;
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(2);
  time.ms += 5 * 20;
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(3);
});

test("whenever the heap has grown by a megabyte, or by a sixteenth of what it was, it collects beside the work", () => {
  const time = heldTime();
  using keeper = keeperIn(time);
  const workedAt = (heapBytes: number) => {
    time.heapBytes = heapBytes;
    keeper.worked(32);
    return time.beside;
  };
  expect(workedAt(8_000_000)).toBe(1);
  expect(workedAt(9_000_000)).toBe(1);
  expect(workedAt(9_000_001)).toBe(2);
  expect(workedAt(7_000_000)).toBe(2);
  expect(workedAt(8_000_001)).toBe(3);
  expect(workedAt(160_000_000)).toBe(4);
  expect(workedAt(170_000_000)).toBe(4);
  expect(workedAt(170_000_001)).toBe(5);
});

test("it looks how large the heap is once for 32 events", () => {
  const time = heldTime();
  using keeper = keeperIn(time);
  time.heapBytes = 8_000_000;
  keeper.worked(31);
  expect(time.beside).toBe(0);
  keeper.worked(1);
  expect(time.beside).toBe(1);
  time.heapBytes = 80_000_000;
  keeper.worked(31);
  expect(time.beside).toBe(1);
});

test("when all has been quiet for a while it collects what is left, once", async () => {
  const time = heldTime();
  using keeper = keeperIn(time, { quietMs: 10 });
  keeper.worked(1);
  await Bun.sleep(30); // the clock stands still, so it must go on waiting
  expect(time.collections).toBe(0);
  time.ms = 10;
  await until("a collection", () => time.collections === 1);
  time.ms = 1_000;
  await Bun.sleep(30);
  expect(time.collections).toBe(1);
  keeper.worked(1);
  time.ms = 2_000;
  await until("the next one", () => time.collections === 2);
});

test("disposed of, it collects no more", async () => {
  const time = heldTime();
  const keeper = keeperIn(time, { quietMs: 5 });
  keeper.worked(400);
  keeper[Symbol.dispose]();
  time.ms = 1_000;
  await Bun.sleep(20);
  expect(time.collections).toBe(0);
});

test("by default it asks the runtime how large the heap is, and to collect beside", () => {
  using gc = spyOn(Bun, "gc");
  using keeper = createMemoryKeeper();
  keeper.worked(32);
  expect(gc.mock.calls).toEqual([[false]]);
});

test("by default it asks the runtime, which collects before it returns", async () => {
  using gc = spyOn(Bun, "gc");
  using keeper = createMemoryKeeper({ quietMs: 1 });
  keeper.worked(1);
  await until("a collection", () => gc.mock.calls.length === 1);
  expect(gc).toHaveBeenCalledWith(true);
});

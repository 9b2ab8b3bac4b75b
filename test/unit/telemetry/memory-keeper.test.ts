import { expect, spyOn, test } from "bun:test";
import { createMemoryKeeper } from "#telemetry";
import { until } from "../../support/until.ts";

/** Time as the keeper sees it: it stands still, but for the collections. */
function heldTime(pauseMs = 0) {
  return { ms: 0, pauseMs, collections: 0 };
}

function keeperIn(time: ReturnType<typeof heldTime>, quietMs = 60_000) {
  const collect = () => {
    time.collections++;
    time.ms += time.pauseMs;
  };
  return createMemoryKeeper({ collect, clock: { now: () => time.ms, elapsed: () => time.ms }, quietMs });
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

test.each([
  ["a short pause", 5, 20],
  ["a pause that is felt", 30, 50],
])("%s of %i ms is followed by %i times as long without one", async (_what, pauseMs, times) => {
  const time = heldTime(pauseMs);
  using keeper = keeperIn(time);
  keeper.worked(400);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += pauseMs * times - 1;
  keeper.worked(4_000);
  await nextImmediate();
  expect(time.collections).toBe(1);
  time.ms += 1;
  keeper.worked(1);
  await nextImmediate();
  expect(time.collections).toBe(2);
});

test("when all has been quiet for a while it collects what is left, once", async () => {
  const time = heldTime();
  using keeper = keeperIn(time, 10);
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
  const keeper = keeperIn(time, 5);
  keeper.worked(400);
  keeper[Symbol.dispose]();
  time.ms = 1_000;
  await Bun.sleep(20);
  expect(time.collections).toBe(0);
});

test("by default it asks the runtime, which collects before it returns", async () => {
  using gc = spyOn(Bun, "gc");
  using keeper = createMemoryKeeper({ quietMs: 1 });
  keeper.worked(1);
  await until("a collection", () => gc.mock.calls.length === 1);
  expect(gc).toHaveBeenCalledWith(true);
});

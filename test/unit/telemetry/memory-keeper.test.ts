import { expect, spyOn, test } from "bun:test";
import { createMemoryKeeper } from "#telemetry";
import { until } from "../../support/until.ts";

/** Time as the keeper sees it: it stands still, but for the collections. */
function heldTime(pauseMs = 0) {
  return { ms: 0, pauseMs, collections: 0, beside: 0 };
}

function keeperIn(time: ReturnType<typeof heldTime>, quietMs = 60_000) {
  const collect = () => {
    time.collections++;
    time.ms += time.pauseMs;
  };
  const collectBeside = () => void time.beside++;
  return createMemoryKeeper({ collect, collectBeside, clock: { now: () => time.ms, elapsed: () => time.ms }, quietMs });
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

test("after a pause that is felt, it collects beside the work, until all is quiet", async () => {
  const time = heldTime(30);
  using keeper = keeperIn(time, 10);
  keeper.worked(400);
  await nextImmediate();
  expect(time).toMatchObject({ collections: 1, beside: 0 });
  time.ms += 30 * 20;
  keeper.worked(400);
  await nextImmediate();
  expect(time).toMatchObject({ collections: 1, beside: 1 });
  time.ms += 10;
  await until("a collection of everything", () => time.collections === 2);
  expect(time.beside).toBe(1);
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

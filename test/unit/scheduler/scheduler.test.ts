import { createScheduler, type Limits, type Place, type Scheduler } from "#scheduler";
import { expect, test } from "bun:test";

const wide: Limits = { running: 2, waiting: 10, perLane: 5 };

function placeIn(scheduler: Scheduler, lane: string): Place {
  const reservation = scheduler.reserve(lane);
  if (!reservation.reserved) throw new Error(reservation.because);
  return reservation.place;
}

test("a job that throws is reported and frees its place", async () => {
  const crashes: unknown[] = [];
  await using scheduler = createScheduler({ running: 1, waiting: 0, perLane: 1 }, (error) => crashes.push(error));
  placeIn(scheduler, "a").start(async () => {
    throw new Error("boom");
  });
  await Bun.sleep(0);
  const second = Promise.withResolvers<void>();
  placeIn(scheduler, "a").start(async () => second.resolve());
  await second.promise;
  expect(String(crashes)).toContain("boom");
});

test("draining waits for what runs, starts nothing more, and takes nothing new", async () => {
  await using scheduler = createScheduler({ ...wide, running: 1 }, () => {});
  const first = Promise.withResolvers<void>();
  const ran: string[] = [];
  placeIn(scheduler, "a").start(async () => {
    ran.push("first");
    await first.promise;
  });
  placeIn(scheduler, "b").start(async () => {
    ran.push("second");
  });
  const drained = scheduler.drain(60_000);
  expect(scheduler.reserve("c")).toEqual({ reserved: false, because: "closing" });
  first.resolve();
  await drained;
  expect(ran).toEqual(["first"]);
});

test("draining gives up after its grace", async () => {
  const stuck = Promise.withResolvers<void>();
  const scheduler = createScheduler(wide, () => {});
  placeIn(scheduler, "a").start(() => stuck.promise);
  await scheduler.drain(1);
  expect(scheduler.load().running).toBe(1);
  stuck.resolve();
  await scheduler[Symbol.asyncDispose]();
});

test("closing tells running jobs to stop and waits for them", async () => {
  const scheduler = createScheduler(wide, () => {});
  const heard = Promise.withResolvers<string>();
  placeIn(scheduler, "a").start(async (signal) => {
    await new Promise((stop) => signal.addEventListener("abort", stop));
    heard.resolve("stopped");
  });
  await scheduler[Symbol.asyncDispose]();
  expect(await heard.promise).toBe("stopped");
});

test("whoever listens hears of each place that becomes free, by its lane, until they listen no more", async () => {
  await using scheduler = createScheduler({ ...wide, running: 1 }, () => {});
  const freed: string[] = [];
  const stop = scheduler.subscribe((lane) => freed.push(lane));
  const first = Promise.withResolvers<void>();
  placeIn(scheduler, "a").start(() => first.promise);
  const second = placeIn(scheduler, "b").start(async () => {});
  placeIn(scheduler, "c").giveBack();
  expect(freed).toEqual(["c"]);
  second.withdraw();
  expect(freed).toEqual(["c", "b"]);
  first.resolve();
  await Bun.sleep(0);
  expect(freed).toEqual(["c", "b", "a"]);
  stop();
  placeIn(scheduler, "d").giveBack();
  expect(freed).toEqual(["c", "b", "a"]);
});

import { expect, test } from "bun:test";
import { type ComponentState, createHealth } from "#telemetry";

/** A clock that only moves when told to. */
function heldClock() {
  const time = { ms: 0 };
  return { time, clock: { now: () => time.ms, elapsed: () => time.ms } };
}
const always = (state: ComponentState, because?: string) => async () => ({
  state,
  ...(because !== undefined && { because }),
});

test.each([
  ["healthy", "healthy", "healthy", "healthy", true],
  ["healthy", "healthy", "degraded", "degraded", true],
  ["healthy", "healthy", "unhealthy", "degraded", true],
  ["healthy", "degraded", "healthy", "degraded", true],
  ["healthy", "unhealthy", "healthy", "unhealthy", false],
  ["unhealthy", "healthy", "healthy", "unhealthy", false],
] as const)("gateway %s, storage %s, telegram %s: %s", async (gateway, storage, telegram, status, ok) => {
  const health = createHealth({ gateway: always(gateway), storage: always(storage), telegram: always(telegram) });
  expect(await health.report()).toEqual({ status, ok, components: { gateway, storage, telegram }, reasons: {} });
});

test("a component that throws is unhealthy, for the reason it threw", async () => {
  const health = createHealth({ gateway: always("healthy"), storage: () => Promise.reject(new Error("disk full")) });
  expect(await health.report()).toMatchObject({
    ok: false,
    components: { storage: "unhealthy" },
    reasons: { storage: "disk full" },
  });
});

test("a check that throws before it waits is no different", async () => {
  expect(await createHealth({ storage: throwAtOnce }).report()).toMatchObject({
    ok: false,
    reasons: { storage: "not open" },
  });
});

test("a component that does not answer is unhealthy, holds nobody up, and is not asked again until it has answered", async () => {
  const { time, clock } = heldClock();
  const answer = Promise.withResolvers<{ state: ComponentState }>();
  let asked = 0;
  const stuck = () => {
    asked++;
    return answer.promise;
  };
  const health = createHealth({ gateway: always("healthy"), discord: stuck }, clock, 20);
  expect(await health.report()).toMatchObject({ status: "degraded", reasons: { discord: "no answer within 20 ms" } });
  time.ms += 1_000;
  expect((await health.report()).components["discord"]).toBe("unhealthy");
  expect(asked).toBe(1);
  answer.resolve({ state: "healthy" });
  await answer.promise;
  time.ms += 1_000;
  expect(await health.report()).toMatchObject({ status: "healthy" });
  time.ms += 1_000;
  await health.report();
  expect(asked).toBe(2);
});

test("asked often, it asks seldom: reports are shared while made, and kept for a quarter of a second", async () => {
  const { time, clock } = heldClock();
  let asked = 0;
  const health = createHealth(
    {
      gateway: async () => {
        asked++;
        return { state: "healthy" };
      },
    },
    clock,
  );
  await Promise.all(Array.from({ length: 100 }, () => health.report()));
  time.ms += 249;
  await health.report();
  expect(asked).toBe(1);
  time.ms += 1;
  await health.report();
  expect(asked).toBe(2);
});

function throwAtOnce(): never {
  throw new Error("not open");
}

import { createScheduler, type Started } from "#scheduler";
import { expect, test } from "bun:test";
import { dice } from "../support/dice.ts";

const limits = { running: 3, waiting: 7, perLane: 4 };

/** What the scheduler promises, kept beside it: who holds places, who runs, in which order. */
class Model {
  readonly running = new Map<string, () => void>();
  readonly waiting: { readonly lane: string; readonly step: number; readonly started: Started }[] = [];
  readonly held = new Map<string, number>();
  readonly asked = new Map<string, number[]>();
  readonly ran = new Map<string, number[]>();

  get total(): number {
    return [...this.held.values()].reduce((sum, places) => sum + places, 0);
  }

  expected(lane: string): "reserved" | "laneFull" | "queueFull" {
    if ((this.held.get(lane) ?? 0) >= limits.perLane) return "laneFull";
    return this.total >= limits.running + limits.waiting ? "queueFull" : "reserved";
  }

  hold(lane: string, change: number): void {
    this.held.set(lane, (this.held.get(lane) ?? 0) + change);
  }
}

function note(log: Map<string, number[]>, lane: string, step: number): void {
  log.set(lane, [...(log.get(lane) ?? []), step]);
}

/** Starts, withdraws and finishes jobs in a random order, checking the promises after every step. */
async function randomWalk(seed: number): Promise<Set<string>> {
  const roll = dice(seed);
  const crashes: unknown[] = [];
  const model = new Model();
  const met = new Set<string>();
  await using scheduler = createScheduler(limits, (error) => crashes.push(error));

  async function finishOne(): Promise<void> {
    const lane = [...model.running.keys()][roll(model.running.size)];
    if (lane === undefined) return;
    model.running.get(lane)?.();
    model.running.delete(lane);
    await Bun.sleep(0); // let the scheduler take the place back and start the next
    model.hold(lane, -1);
  }

  function withdrawOne(): void {
    const [job] = model.waiting.splice(roll(model.waiting.length), 1);
    if (!job) return;
    const hasRun = model.ran.get(job.lane)?.includes(job.step) ?? false;
    expect(job.started.withdraw(), `job ${job.step} of ${job.lane}`).toBe(!hasRun);
    if (hasRun) return;
    met.add("withdrawn");
    model.hold(job.lane, -1);
    model.asked.set(
      job.lane,
      (model.asked.get(job.lane) ?? []).filter((step) => step !== job.step),
    );
  }

  for (let step = 0; step < 300; step++) {
    const action = roll(10);
    if (action < 3) {
      await finishOne();
      continue;
    }
    if (action === 3) {
      withdrawOne();
      continue;
    }
    const lane = `lane${roll(6)}`;
    const reservation = scheduler.reserve(lane);
    const expected = model.expected(lane);
    expect(reservation.reserved ? "reserved" : reservation.because, `step ${step}`).toBe(expected);
    met.add(expected);
    if (!reservation.reserved) continue;
    if (roll(6) === 0) {
      reservation.place.giveBack();
      continue;
    }
    model.hold(lane, 1);
    note(model.asked, lane, step);
    const started = reservation.place.start(async () => {
      expect(model.running.has(lane), `${lane} ran two jobs at once`).toBe(false);
      note(model.ran, lane, step);
      await new Promise<void>((finish) => model.running.set(lane, finish));
    });
    model.waiting.push({ lane, step, started });
    await Bun.sleep(0);
    expect(model.running.size).toBeLessThanOrEqual(limits.running);
    expect(scheduler.load()).toEqual({ running: model.running.size, waiting: model.total - model.running.size });
    if (model.running.size === limits.running) met.add("running");
  }
  while (model.running.size > 0) await finishOne();

  expect(crashes).toEqual([]);
  expect(model.ran).toEqual(new Map([...model.asked].filter(([, steps]) => steps.length > 0)));
  return met;
}

test("keeps its limits and its order, whatever happens", async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const walk = await randomWalk(seed).catch((error: unknown) => {
      throw new Error(`SEED=${seed}`, { cause: error });
    });
    for (const thing of walk) met.add(thing);
  }
  // A walk that never met a limit would have proved nothing.
  expect([...met].toSorted()).toEqual(["laneFull", "queueFull", "reserved", "running", "withdrawn"]);
});

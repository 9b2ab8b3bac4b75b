/** What somebody who waits lacks: a place in their own lane, any place at all, or nothing that a turn's end would bring. */
export type Lack = "laneFull" | "queueFull" | "notYet";

interface Waiter {
  readonly lane: string;
  /** Grows with the time of arrival. */
  readonly since: number;
  /** Undefined while it tries, and nobody knows yet. */
  lack: Lack | undefined;
  /** A place became free while it tried. */
  wasCalled: boolean;
  wake: () => void;
}

/** One who tries for a place again and again; disposed, it is not called any more. */
export interface Seat extends Disposable {
  /** Resolves when it may be worth another try, at the latest after so long. */
  rest(lack: Lack, mostMs: number): Promise<void>;
}

/**
 * Calls those who wait when a place becomes free: one for each place, the one who came first of all whom it helps, so that
 * a thousand do not run for the same. Whoever misses a call still tries in their own time.
 */
export class PlaceCalls implements Disposable {
  readonly #waiters = new Set<Waiter>();

  sit(lane: string, since: number): Seat {
    const waiter: Waiter = { lane, since, lack: undefined, wasCalled: false, wake: () => {} };
    this.#waiters.add(waiter);
    return {
      rest: (lack, mostMs) => rest(waiter, lack, mostMs),
      [Symbol.dispose]: () => void this.#waiters.delete(waiter),
    };
  }

  /** A place of that lane is free. */
  freed(lane: string): void {
    const helped = [...this.#waiters].filter((one) => !one.wasCalled && isHelped(one, lane));
    const resting = helped.filter(({ lack }) => lack !== undefined);
    const first = firstOf(resting) ?? firstOf(helped);
    if (!first) return;
    first.wasCalled = true;
    first.wake();
  }

  [Symbol.dispose](): void {
    for (const { wake } of this.#waiters) wake();
  }
}

function isHelped({ lane, lack }: Waiter, freed: string): boolean {
  return lack === undefined || lack === "queueFull" || (lack === "laneFull" && lane === freed);
}

function firstOf(waiters: readonly Waiter[]): Waiter | undefined {
  return waiters.reduce<Waiter | undefined>((first, one) => (first && first.since < one.since ? first : one), undefined);
}

async function rest(waiter: Waiter, lack: Lack, mostMs: number): Promise<void> {
  const isCalled = Promise.withResolvers<void>();
  const timer = setTimeout(isCalled.resolve, waiter.wasCalled ? 0 : mostMs);
  waiter.lack = lack;
  waiter.wake = isCalled.resolve;
  await isCalled.promise;
  clearTimeout(timer);
  waiter.lack = undefined;
  waiter.wasCalled = false;
  waiter.wake = () => {};
}

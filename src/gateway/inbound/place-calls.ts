/** What somebody who waits lacks: a place in their own lane, any place at all, or nothing that a turn's end would bring. */
export type Lack = "laneFull" | "queueFull" | "notYet";

interface Waiter {
  readonly lane: string;
  /** Grows with the time of arrival. */
  readonly since: number;
  /** Undefined while it tries, and nobody knows yet. */
  lack: Lack | undefined;
  /** `heard`: it was called and has not tried since; `followed`: it tries because it was. */
  call: "none" | "heard" | "followed";
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
    const waiter: Waiter = { lane, since, lack: undefined, call: "none", wake: () => {} };
    this.#waiters.add(waiter);
    return {
      rest: (lack, mostMs) => this.#rest(waiter, lack, mostMs),
      [Symbol.dispose]: () => void this.#waiters.delete(waiter),
    };
  }

  /** A place of that lane is free. */
  freed(lane: string): void {
    for (const one of this.#waiters) {
      if (one.lane !== lane) continue;
      if (one.lack === undefined) one.call = "heard"; // it may be told in a moment that its lane is full, which is over
      if (one.lack === "laneFull") one.lack = "queueFull"; // its lane has room; whether there is any at all is not known
    }
    this.#callNext();
  }

  [Symbol.dispose](): void {
    for (const { wake } of this.#waiters) wake();
  }

  #callNext(): void {
    const open = [...this.#waiters].filter(({ call, lack }) => call === "none" && (!lack || lack === "queueFull"));
    const first = firstOf(open.filter(({ lack }) => lack !== undefined)) ?? firstOf(open);
    if (!first) return;
    first.call = "heard";
    first.wake();
  }

  async #rest(waiter: Waiter, lack: Lack, mostMs: number): Promise<void> {
    const isCalled = Promise.withResolvers<void>();
    const timer = setTimeout(isCalled.resolve, waiter.call === "heard" ? 0 : mostMs);
    waiter.lack = lack;
    waiter.wake = isCalled.resolve;
    if (waiter.call === "followed") {
      waiter.call = "none";
      if (lack !== "queueFull") this.#callNext(); // the place that it was called for is still there
    }
    await isCalled.promise;
    clearTimeout(timer);
    waiter.lack = undefined;
    waiter.call = waiter.call === "heard" ? "followed" : "none";
    waiter.wake = () => {};
  }
}

function firstOf(waiters: readonly Waiter[]): Waiter | undefined {
  return waiters.reduce<Waiter | undefined>(
    (first, one) => (first && first.since < one.since ? first : one),
    undefined,
  );
}

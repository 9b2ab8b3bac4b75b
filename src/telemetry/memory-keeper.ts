import { type Clock, systemClock } from "#base";

/**
 * Has garbage collected before it piles up. The runtime collects all of its heap only when that has doubled, and counts
 * little of what its objects hold outside of it, so a burst of work would leave the process at twice the size it needs.
 */
export interface MemoryKeeper extends Disposable {
  /** So much was done that leaves garbage behind, in events of the log. Returns at once. */
  worked(events: number): void;
}

/** About 200 short turns: some megabytes. */
const mostEvents = 400;
/** Whoever has waited so long for nothing can wait for a collection. */
const defaultQuietMs = 1_500;
/** A longer pause is felt. */
const shortPauseMs = 10;

export function createMemoryKeeper(
  options: {
    /** Collects everything, and does not return before. */
    readonly collect?: () => void;
    readonly clock?: Clock;
    readonly quietMs?: number;
  } = {},
): MemoryKeeper {
  const { collect = () => Bun.gc(true), clock = systemClock, quietMs = defaultQuietMs } = options;
  return new Keeper(collect, clock, quietMs);
}

/** Collects when all is quiet, and amid work now and then. While nothing is done it has no timer. */
class Keeper implements MemoryKeeper {
  readonly #collect: () => void;
  readonly #clock: Clock;
  readonly #quietMs: number;
  #events = 0;
  #workedAt = 0;
  #nextAt = -Infinity;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #timer: Timer | undefined;

  constructor(collect: () => void, clock: Clock, quietMs: number) {
    this.#collect = collect;
    this.#clock = clock;
    this.#quietMs = quietMs;
  }

  worked(events: number): void {
    this.#events += events;
    this.#workedAt = this.#clock.elapsed();
    // Not here: what this work has to say goes out first.
    if (this.#events >= mostEvents && this.#workedAt >= this.#nextAt)
      this.#immediate ??= setImmediate(() => this.#run());
    this.#timer ??= setTimeout(() => this.#look(), this.#quietMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #look(): void {
    const quietForMs = this.#clock.elapsed() - this.#workedAt;
    this.#timer = undefined;
    if (quietForMs >= this.#quietMs) return this.#run();
    this.#timer = setTimeout(() => this.#look(), this.#quietMs - quietForMs).unref();
  }

  /** Amid work it takes a twentieth of the time at most; where the heap is so large that a pause is felt, a fiftieth. */
  #run(): void {
    this.#immediate = undefined;
    const begin = this.#clock.elapsed();
    this.#collect();
    const end = this.#clock.elapsed();
    const pauseMs = end - begin;
    this.#events = 0;
    this.#nextAt = end + pauseMs * (pauseMs > shortPauseMs ? 50 : 20);
  }
}

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
const shortPauseMs = 20;

export function createMemoryKeeper(
  options: {
    /** Collects everything, and does not return before. */
    readonly collect?: () => void;
    /** Collects beside the work, as much as seems worth it. */
    readonly collectBeside?: () => void;
    readonly clock?: Clock;
    readonly quietMs?: number;
  } = {},
): MemoryKeeper {
  const { collect = () => Bun.gc(true), collectBeside = () => Bun.gc(false) } = options;
  const { clock = systemClock, quietMs = defaultQuietMs } = options;
  return new Keeper({ collect, collectBeside }, clock, quietMs);
}

interface Means {
  readonly collect: () => void;
  readonly collectBeside: () => void;
}

/** Collects when all is quiet, and amid work now and then. While nothing is done it has no timer. */
class Keeper implements MemoryKeeper {
  readonly #means: Means;
  readonly #clock: Clock;
  readonly #quietMs: number;
  /** How long the last collection of everything held up the work. */
  #pauseMs = 0;
  #events = 0;
  #workedAt = 0;
  #nextAt = -Infinity;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #timer: Timer | undefined;

  constructor(means: Means, clock: Clock, quietMs: number) {
    this.#means = means;
    this.#clock = clock;
    this.#quietMs = quietMs;
  }

  worked(events: number): void {
    this.#events += events;
    this.#workedAt = this.#clock.elapsed();
    // Not here: what this work has to say goes out first.
    if (this.#events >= mostEvents && this.#workedAt >= this.#nextAt)
      this.#immediate ??= setImmediate(() => this.#collectAmidWork());
    this.#timer ??= setTimeout(() => this.#look(), this.#quietMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #look(): void {
    const quietForMs = this.#clock.elapsed() - this.#workedAt;
    this.#timer = undefined;
    if (quietForMs >= this.#quietMs) return this.#collectAll();
    this.#timer = setTimeout(() => this.#look(), this.#quietMs - quietForMs).unref();
  }

  /** Where the heap is so large that the last pause was felt, the next one waits for quiet. */
  #collectAmidWork(): void {
    if (this.#pauseMs <= shortPauseMs) return this.#collectAll();
    this.#means.collectBeside();
    this.#collected(this.#clock.elapsed());
  }

  #collectAll(): void {
    const begin = this.#clock.elapsed();
    this.#means.collect();
    const end = this.#clock.elapsed();
    this.#pauseMs = end - begin;
    this.#collected(end);
  }

  /** Amid work it takes a twentieth of the time at most. */
  #collected(at: number): void {
    this.#immediate = undefined;
    this.#events = 0;
    this.#nextAt = at + this.#pauseMs * 20;
  }
}

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
/** So often it looks how large the heap is, which takes 12 µs. */
const eventsPerLook = 32;
/** What the heap takes from the system is given back late or, where something lives among the garbage, never. */
const shortGrowthBytes = 1_000_000;
/** Whoever has waited so long for nothing can wait for a collection. */
const defaultQuietMs = 1_500;
/** A longer pause is felt. */
const shortPauseMs = 10;
/**
 * Of the time amid work, collections take a twentieth at most. Where they are felt, those who wait behind one another then
 * feel them for several times as long, so they are rare; but not where memory is what is scarce.
 */
const workPerPause = { short: 20, felt: 400, feltWhereScarce: 50 } as const;
const scarceBytes = 1024 ** 3;

export function createMemoryKeeper(
  options: {
    /** Collects everything, and does not return before. */
    readonly collect?: () => void;
    /** Collects beside the work, as much as seems worth it. */
    readonly collectBeside?: () => void;
    /** How much of the system's memory the heap has, garbage and holes included. */
    readonly heapBytes?: () => number;
    /** What the machine, or the group that the process is in, has. */
    readonly memoryBytes?: number;
    readonly clock?: Clock;
    readonly quietMs?: number;
  } = {},
): MemoryKeeper {
  const { collect = () => Bun.gc(true), collectBeside = () => Bun.gc(false) } = options;
  const { heapBytes = () => process.memoryUsage().heapTotal } = options;
  const { memoryBytes = process.constrainedMemory(), clock = systemClock, quietMs = defaultQuietMs } = options;
  const workPerFelt = memoryBytes < scarceBytes ? workPerPause.feltWhereScarce : workPerPause.felt;
  return new Keeper({ collect, collectBeside, heapBytes }, { clock, quietMs, workPerFelt });
}

interface Means {
  readonly collect: () => void;
  readonly collectBeside: () => void;
  readonly heapBytes: () => number;
}

/**
 * Collects everything when all is quiet, and amid work now and then; beside the work whenever the heap has grown. While
 * nothing is done it has no timer.
 */
class Keeper implements MemoryKeeper {
  readonly #means: Means;
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #workPerFelt: number;
  /** How long the last collection of everything held up the work. */
  #pauseMs = Infinity;
  #events = 0;
  #unlooked = 0;
  /** How large the heap was when it was last collected, or seen smaller. */
  #settledBytes = 0;
  #workedAt = 0;
  #nextAt = -Infinity;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #timer: Timer | undefined;

  constructor(
    means: Means,
    options: { readonly clock: Clock; readonly quietMs: number; readonly workPerFelt: number },
  ) {
    this.#means = means;
    this.#clock = options.clock;
    this.#quietMs = options.quietMs;
    this.#workPerFelt = options.workPerFelt;
  }

  worked(events: number): void {
    this.#events += events;
    this.#unlooked += events;
    if (this.#unlooked >= eventsPerLook) this.#lookAtHeap();
    this.#workedAt = this.#clock.elapsed();
    // Not here: what this work has to say goes out first.
    if (this.#events >= mostEvents && this.#workedAt >= this.#nextAt)
      this.#immediate ??= setImmediate(() => this.#collectAll());
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

  #lookAtHeap(): void {
    this.#unlooked = 0;
    const bytes = this.#means.heapBytes();
    const hasGrown = bytes - this.#settledBytes > Math.max(shortGrowthBytes, this.#settledBytes / 16);
    if (hasGrown) this.#means.collectBeside();
    this.#settledBytes = hasGrown ? bytes : Math.min(bytes, this.#settledBytes);
  }

  #collectAll(): void {
    const begin = this.#clock.elapsed();
    this.#means.collect();
    const end = this.#clock.elapsed();
    // On a busy machine a pause may be as long as somebody else's turn: one such must not put off the next collection.
    const pauseMs = Math.min(end - begin, this.#pauseMs);
    this.#pauseMs = end - begin;
    this.#immediate = undefined;
    this.#events = 0;
    this.#settledBytes = this.#means.heapBytes();
    this.#nextAt = end + pauseMs * (pauseMs <= shortPauseMs ? workPerPause.short : this.#workPerFelt);
  }
}

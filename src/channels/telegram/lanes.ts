/**
 * Runs every item: those of one lane one after the other and none after one that failed, lanes beside each other, so many
 * at once. Resolves when nothing runs any more, with the first error there was.
 */
export async function runInLanes<T>(
  items: readonly T[],
  options: { readonly laneOf: (item: T) => string; readonly most: number; readonly signal: AbortSignal },
  run: (item: T) => Promise<void>,
): Promise<{ readonly failed?: Error }> {
  const waiting = [...Map.groupBy(items, options.laneOf).values()].values();
  const errors: Error[] = [];
  const runLane = async (lane: readonly T[]) => {
    for (const item of lane) {
      if (options.signal.aborted) return;
      await run(item);
    }
  };
  const work = async () => {
    for (const lane of waiting) {
      await runLane(lane).catch((error: unknown) => {
        errors.push(error instanceof Error ? error : new Error("a task failed", { cause: error }));
      });
    }
  };
  await Promise.all(Array.from({ length: options.most }, work));
  return errors[0] ? { failed: errors[0] } : {};
}

/** One task of a lane after the other, in the order they came, a bounded number of them in all. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();
  readonly #most: number;
  #waiting = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether there is room; the answer holds until something is awaited. */
  get isFull(): boolean {
    return this.#waiting >= this.#most;
  }

  async run(lane: string, task: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const before = this.#last.get(lane) ?? Promise.resolve();
    const done = before.then(task);
    const settled = done.catch(() => undefined);
    this.#last.set(lane, settled);
    try {
      await done;
    } finally {
      this.#waiting--;
      if (this.#last.get(lane) === settled) this.#last.delete(lane);
    }
  }
}

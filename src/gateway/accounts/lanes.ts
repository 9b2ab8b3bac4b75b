import { fault } from "#protocol";

export interface LaneLimits {
  readonly running: number;
  /** Running and waiting together. */
  readonly held: number;
}

/** Work of one lane in its order, lanes beside each other, and no more at once than is good. */
export class Lanes {
  readonly #limits: LaneLimits;
  /** The end of each lane that has work; never rejects. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #forSlot: (() => void)[] = [];
  readonly #forIdle: (() => void)[] = [];
  #running = 0;
  #held = 0;
  #isClosed = false;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Ends as the work does; rejects with `queueFull` or `shuttingDown` where it is not begun. */
  async run(lane: string, work: () => Promise<void>): Promise<void> {
    if (this.#isClosed) throw fault.shuttingDown({});
    if (this.#held >= this.#limits.held) throw fault.queueFull({ problem: "Too many updates wait to be taken" });
    this.#held++;
    const before = this.#tails.get(lane) ?? Promise.resolve();
    const mine = before.then(() => this.#inSlot(work));
    const tail = mine.catch(() => undefined);
    this.#tails.set(lane, tail);
    try {
      await mine;
    } finally {
      if (this.#tails.get(lane) === tail) this.#tails.delete(lane);
      this.#held--;
      if (this.#held === 0) for (const wake of this.#forIdle.splice(0)) wake();
    }
  }

  /** Takes nothing more; what it holds goes on. */
  close(): void {
    this.#isClosed = true;
  }

  idle(): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => this.#forIdle.push(resolve));
  }

  async #inSlot(work: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#limits.running) await new Promise<void>((resolve) => this.#forSlot.push(resolve));
    else this.#running++;
    try {
      await work();
    } finally {
      const next = this.#forSlot.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

import { fault } from "#protocol";

const mostWaiting = 10_000;

interface Waiting {
  readonly isAlone: () => boolean;
  readonly start: () => void;
}

/**
 * Lets work in, in the order in which it asked: together with other work, or alone. Whether it must be alone is asked
 * when its turn has come, because the work before it may have changed that. Work that finds nobody before it starts at once.
 */
export class Gate {
  readonly #onIdle: () => void;
  #waiting: Waiting[] = [];
  #inside = 0;
  #isTakenAlone = false;

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Does other work stand inside? */
  get isShared(): boolean {
    return this.#inside > 1;
  }

  enter<T>(isAlone: () => boolean, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(fault.queueFull({ problem: "Too much waits for this session" }));
    return new Promise<T>((resolve, reject) => {
      const start = () => {
        work()
          .finally(() => this.#leave())
          .then(resolve, reject);
      };
      this.#waiting.push({ isAlone, start });
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && !this.#isTakenAlone; next = this.#waiting[0]) {
      const isAlone = next.isAlone();
      if (isAlone && this.#inside > 0) return;
      this.#isTakenAlone = isAlone;
      this.#inside += 1;
      this.#waiting.shift();
      next.start();
    }
  }

  #leave(): void {
    this.#inside -= 1;
    if (this.#inside === 0) this.#isTakenAlone = false;
    this.#admit();
    if (this.#inside === 0) this.#onIdle();
  }
}

import type { Clock } from "#base";

/**
 * Watches how long the other side takes. It counts only while somebody waits: what the reader of an answer does in between
 * is no silence of the server.
 */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #onTooLong: (limitMs: number) => void;
  readonly #lastMs: number;
  #limitMs: number;
  #since: number | undefined;
  #timer: ReturnType<typeof setTimeout>;

  constructor(options: {
    readonly clock: Clock;
    readonly limitMs: number;
    /** However much is heard, it ends then. */
    readonly longestMs: number;
    readonly onTooLong: (limitMs: number) => void;
  }) {
    this.#clock = options.clock;
    this.#onTooLong = options.onTooLong;
    this.#limitMs = options.limitMs;
    this.#lastMs = options.clock.elapsed() + options.longestMs;
    this.#timer = setTimeout(() => this.#look(), options.limitMs);
  }

  /** From now on something is expected. */
  begin(): void {
    this.#since = this.#clock.elapsed();
  }

  /** Something was heard. */
  end(): void {
    this.#since = undefined;
  }

  /** Expect less patience from here on. */
  shorten(limitMs: number): void {
    if (limitMs >= this.#limitMs) return;
    this.#limitMs = limitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), limitMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** One timer for a whole answer: it looks when the limit could be reached at the earliest, instead of being set anew for every piece. */
  #look(): void {
    const now = this.#clock.elapsed();
    const left = Math.min((this.#since ?? now) + this.#limitMs, this.#lastMs) - now;
    if (left <= 0) return this.#onTooLong(this.#limitMs);
    this.#timer = setTimeout(() => this.#look(), Math.ceil(left));
  }
}

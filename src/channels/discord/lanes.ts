import { type Backoff, backoffMs, type Log, pause } from "#base";

const retry: Backoff = { firstMs: 250, mostMs: 10_000 };

/** What came from one chat is handed over in its order, one after the other; the chats beside each other. */
export class Lanes {
  readonly #ends = new Map<string, Promise<void>>();
  readonly #signal: AbortSignal;
  readonly #log: Log;
  #waiting = 0;

  constructor(options: { readonly signal: AbortSignal; readonly log: Log }) {
    this.#signal = options.signal;
    this.#log = options.log;
  }

  /** How many jobs have not ended. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves once everything given so far has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  /** Does a job behind the others of its lane, again and again until it resolves; `done` is called then, and only then. */
  add(lane: string, job: () => Promise<void>, done: () => void): void {
    this.#waiting++;
    const end = this.#follow(this.#ends.get(lane), job, (isDone) => {
      this.#waiting--;
      if (this.#ends.get(lane) === end) this.#ends.delete(lane);
      if (isDone) done();
    });
    this.#ends.set(lane, end);
  }

  async #follow(
    before: Promise<void> | undefined,
    job: () => Promise<void>,
    ended: (isDone: boolean) => void,
  ): Promise<void> {
    await before;
    ended(await this.#insist(job));
  }

  async #insist(job: () => Promise<void>): Promise<boolean> {
    for (let attempt = 1; !this.#signal.aborted; attempt++) {
      try {
        await job();
        return true;
      } catch (error) {
        if (this.#signal.aborted) return false;
        this.#log.warn("what Discord brought was not taken, and is tried again", { attempt, error });
        await pause(backoffMs(retry, attempt), this.#signal).catch(() => {});
      }
    }
    return false;
  }
}

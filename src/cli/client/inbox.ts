import { CommandFailed } from "../failure.ts";

/** More than this waiting means that nobody reads: a terminal on hold, a pipe that stands. */
const mostWaiting = 10_000;

/** Items in the order they came, until it fails; then what is still there, then the failure. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  push(item: Item): void {
    if (this.#failure) return;
    if (this.#items.length >= mostWaiting) {
      const message = "The answer came faster than it could be printed, for too long.";
      return this.fail(new CommandFailed({ type: "tooSlow", message, advice: "The session has the whole of it." }));
    }
    this.#items.push(item);
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** The next item; rejects with `timeout` when none comes within `limitMs`. */
  async take(limitMs: number): Promise<Item> {
    if (this.#items.length === 0 && !this.#failure) await this.#arrival(limitMs);
    const item = this.#items.shift();
    if (item !== undefined) return item;
    if (this.#failure) throw this.#failure;
    const message = `Nothing came from the gateway for ${Math.round(limitMs / 1_000)} seconds.`;
    throw new CommandFailed({ type: "timeout", message, advice: "`openclaw status` shows whether it still works." });
  }

  #arrival(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

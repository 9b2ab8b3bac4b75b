import type { Log } from "#base";
import type { ComponentHealth } from "#telemetry";

/** The first few are told one by one; of what breaks again and again, every hundredth is. */
const mostTold = 10;
const thenEvery = 100;

/**
 * Errors that nobody waits for: a promise that a library let go of, an exception in one of its timers. What is owed to people
 * is on disk and what breaks there is known to whoever asked for it, so the process goes on, and says that it is not whole.
 */
export class Strays {
  readonly #log: Log;
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Without the error's own words: a library may quote there what it was given. */
  readonly take = (error: unknown): void => {
    this.#count++;
    if (this.#count > mostTold && this.#count % thenEvery !== 0) return;
    const [name, where] = error instanceof Error ? [error.name, framesOf(error)] : [typeof error, ""];
    this.#log.error("something broke where nobody waited for it", { name, where, count: this.#count });
  };

  health(): ComponentHealth {
    if (this.#count === 0) return { state: "healthy" };
    return { state: "degraded", because: `${this.#count} errors came from where nobody waits for them; see the log` };
  }
}

function framesOf({ stack = "" }: Error): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

import { backoffMs, type Log, pause } from "#base";
import type { ChannelState } from "../channel.ts";
import { CallFailed, type Failure, isTokenWrong, sentenceOf } from "./failure.ts";

const backoff = { firstMs: 200, mostMs: 30_000 };
/** Full jitter alone may be nothing. */
const leastPauseMs = 100;
/** Only a new token helps, and that opens a new line. Telegram may still have been wrong. */
const wrongTokenPauseMs = 300_000;

/** How the line to Telegram is, and what is done when it breaks. */
export class Line {
  #state: ChannelState = "offline";
  #problem: string | undefined = "It is connecting.";
  readonly #changed: () => void;
  readonly #log: Log;

  constructor(options: { readonly changed: () => void; readonly log: Log }) {
    this.#changed = options.changed;
    this.#log = options.log;
  }

  get state(): ChannelState {
    return this.#state;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** The only place where the state changes. */
  enter(state: ChannelState, problem?: string): void {
    if (state === this.#state && problem === this.#problem) return;
    this.#state = state;
    this.#problem = problem;
    if (problem === undefined) this.#log.info("connected to Telegram");
    else this.#log.warn("the line to Telegram is disturbed", { state, problem });
    this.#changed();
  }

  /** Does a step again and again until the signal aborts. After a failure it waits, longer each time. */
  async keep(step: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let failed = 0; !signal.aborted;) {
      try {
        await step();
        failed = 0;
      } catch (error) {
        if (signal.aborted) return;
        failed++;
        await pause(this.#blame(error, failed), signal).catch(() => undefined);
      }
    }
  }

  /** Shows what is wrong, and says how long to leave it alone. */
  #blame(error: unknown, failed: number): number {
    const waitMs = leastPauseMs + backoffMs(backoff, failed);
    if (!(error instanceof CallFailed)) {
      this.#log.error("what Telegram sent could not be taken", { error });
      this.enter("degraded", "What came in could not be kept; Telegram is asked for it again.");
      return waitMs;
    }
    const { failure } = error;
    this.enter(stateAfter(failure), isRival(failure) ? rivalProblem(failure.says) : sentenceOf(failure));
    if (isTokenWrong(failure)) return wrongTokenPauseMs;
    return failure.kind === "refused" ? (failure.retryAfterMs ?? waitMs) : waitMs;
  }
}

function stateAfter(failure: Failure): ChannelState {
  return isTokenWrong(failure) || failure.kind === "unreached" ? "offline" : "degraded";
}

function isRival(failure: Failure): boolean {
  return failure.kind === "refused" && failure.code === 409;
}

function rivalProblem(says: string): string {
  return `Another program reads this bot's messages; stop it, or make a bot of its own for it. Telegram says: ${says} (409).`;
}

import type { Clock } from "#base";
import type { ChannelState, Connection } from "#channels";

/** Looks at an open connection, which says with `look` that something changed, and finds out when it has to be opened anew. */
export class Watch {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #seen: (state: ChannelState, problem: string | undefined) => void;
  readonly #over = Promise.withResolvers<void>();
  #connection: Connection | undefined;
  #timer: Timer | undefined;
  #onlineSince: number | undefined;
  #onlineMs = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly patienceMs: number;
    readonly seen: (state: ChannelState, problem: string | undefined) => void;
  }) {
    this.#clock = options.clock;
    this.#patienceMs = options.patienceMs;
    this.#seen = options.seen;
  }

  /** The longest time that the connection was online without a break. */
  get onlineMs(): number {
    return this.#onlineMs;
  }

  /** Resolves when it was offline for longer than a connection that mends itself may need, or when the signal aborts. */
  async over(connection: Connection, signal: AbortSignal): Promise<void> {
    this.#connection = connection;
    const stop = () => this.#over.resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.look();
    await this.#over.promise;
    signal.removeEventListener("abort", stop);
    clearTimeout(this.#timer);
    this.#measure("offline");
    this.#connection = undefined;
  }

  /** Does nothing where there is no connection yet, or no more. */
  look(): void {
    if (!this.#connection) return;
    const { state, problem } = this.#connection;
    this.#measure(state);
    this.#seen(state, problem);
    if (state === "offline") {
      this.#timer ??= setTimeout(() => this.#over.resolve(), this.#patienceMs);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #measure(state: ChannelState): void {
    const now = this.#clock.elapsed();
    if (this.#onlineSince !== undefined) this.#onlineMs = Math.max(this.#onlineMs, now - this.#onlineSince);
    if (state !== "online") this.#onlineSince = undefined;
    else this.#onlineSince ??= now;
  }
}

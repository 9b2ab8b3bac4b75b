import { type Clock, type Log, parseJson } from "#base";
import type { Notes } from "#channels";
import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";

const note = "traffic";

const Times = Type.Object({
  lastInboundAt: Type.Optional(Type.Number()),
  lastOutboundAt: Type.Optional(Type.Number()),
});
export type Times = Static<typeof Times>;

/**
 * When an account last took and sent something, over restarts. It is noted some time after it happened, and at the end, so
 * that no message costs a write; a crash loses what was not noted yet.
 */
export class Traffic {
  readonly #notes: Notes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #noteAfterMs: number;
  #times: Times = {};
  #isNoted = true;
  #timer: Timer | undefined;
  readonly #read: Promise<void>;

  constructor(options: {
    readonly notes: Notes;
    readonly clock: Clock;
    readonly log: Log;
    readonly noteAfterMs: number;
  }) {
    this.#notes = options.notes;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#noteAfterMs = options.noteAfterMs;
    this.#read = this.#recall();
  }

  get times(): Times {
    return this.#times;
  }

  took(): void {
    this.#happened({ lastInboundAt: this.#clock.now() });
  }

  sent(): void {
    this.#happened({ lastOutboundAt: this.#clock.now() });
  }

  /** Resolves when it is noted, or cannot be. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#read;
    if (this.#isNoted) return;
    this.#isNoted = true;
    await this.#notes.write(note, JSON.stringify(this.#times)).catch((error: unknown) => {
      this.#isNoted = false;
      this.#log.debug("when an account last took and sent something could not be noted", { error });
    });
  }

  #happened(now: Times): void {
    this.#times = { ...this.#times, ...now };
    this.#isNoted = false;
    this.#timer ??= setTimeout(() => void this.settle(), this.#noteAfterMs).unref();
  }

  async #recall(): Promise<void> {
    try {
      const text = await this.#notes.read(note);
      const times: unknown = text === undefined ? undefined : parseJson(text);
      if (Check(Times, times)) this.#times = { ...times, ...this.#times };
    } catch (error) {
      this.#log.debug("when an account last took and sent something could not be read", { error });
    }
  }
}

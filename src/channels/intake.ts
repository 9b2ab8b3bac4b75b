import type { Log } from "#base";

/** So many updates are held that are not on disk yet. More stay with the platform, which brings them again. */
const mostHeld = 256;

export type Taken = "taken" | "notTaken";

/** What a platform brings, on its way to `receive`. */
export interface Arrival {
  /** The update's id. */
  readonly id: string;
  readonly chat: string;
  /** Resolves when it is on disk. */
  hand(): Promise<void>;
}

/**
 * Hands over what platforms bring: the updates of one chat one after the other, chats beside each other. What is brought
 * again while it is still on its way is not handed over twice: both get the same answer.
 */
export class Intake {
  readonly #held = new Map<string, Promise<Taken>>();
  readonly #lastOf = new Map<string, Promise<Taken>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Never rejects: what could not be taken is in the log. */
  take(arrival: Arrival): Promise<Taken> {
    const same = this.#held.get(arrival.id);
    if (same) return same;
    if (this.#held.size >= mostHeld) {
      this.#log.warn("Too many updates wait to be stored; this one is left with the platform.", { id: arrival.id });
      return Promise.resolve("notTaken");
    }
    const before = this.#lastOf.get(arrival.chat);
    const taken = this.#handAfter(before, arrival).finally(() => {
      this.#held.delete(arrival.id);
      if (this.#lastOf.get(arrival.chat) === taken) this.#lastOf.delete(arrival.chat);
    });
    this.#held.set(arrival.id, taken);
    this.#lastOf.set(arrival.chat, taken);
    return taken;
  }

  async #handAfter(before: Promise<Taken> | undefined, arrival: Arrival): Promise<Taken> {
    await before;
    try {
      await arrival.hand();
      return "taken";
    } catch (error) {
      this.#log.warn("An update was not taken; the platform is to bring it again.", { id: arrival.id, error });
      return "notTaken";
    }
  }
}

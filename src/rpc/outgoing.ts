import type { Scope } from "#protocol";
import type { Dialect, Frame } from "./dialect.ts";
import type { WireEvent } from "./wire-events.ts";

/** An event on its way to many: written once in each dialect, however many read it. */
export class Outgoing {
  readonly #event: WireEvent;
  readonly #frames = new Map<Dialect, Frame>();

  constructor(event: WireEvent) {
    this.#event = event;
  }

  get scope(): Scope {
    return this.#event.scope;
  }

  get isDroppable(): boolean {
    return this.#event.isDroppable;
  }

  in(dialect: Dialect): Frame {
    const written = this.#frames.get(dialect) ?? dialect.event(this.#event);
    this.#frames.set(dialect, written);
    return written;
  }
}

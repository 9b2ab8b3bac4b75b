import type { RequiredScope } from "#protocol";
import type { Interests } from "./interests.ts";

/** The text of an event around the one thing in it that differs from connection to connection: its number. */
export interface Frame {
  readonly head: string;
  readonly tail: string;
}

/** What can be told to connections, in whatever dialect. */
export interface Tellable {
  readonly scope: RequiredScope;
  /** May be left out for a client that is slow to read: what follows makes up for it. */
  readonly isDroppable: boolean;
  /** Who is told, of those whose scopes permit it; everyone where it is not given. */
  readonly isFor?: (interests: Interests | undefined) => boolean;
}

/** An event on its way to many: written once, however many read it. */
export class Outgoing {
  readonly event: Tellable;
  readonly #write: () => Frame;
  #frame: Frame | undefined;

  constructor(event: Tellable, write: () => Frame) {
    this.event = event;
    this.#write = write;
  }

  get frame(): Frame {
    this.#frame ??= this.#write();
    return this.#frame;
  }
}

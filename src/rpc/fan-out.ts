import { permits } from "#protocol";
import type { Connection } from "./connection.ts";
import type { RpcLimits } from "./limits.ts";
import { type Frame, Outgoing, type Tellable } from "./outgoing.ts";

interface Round {
  readonly outgoing: Outgoing;
  readonly listeners: Iterator<Connection>;
}

/**
 * Tells everyone who may know, in the order things happened. A few are told at once; thousands are told in chunks, so that
 * other work gets its turn between. Events that come meanwhile wait behind; when too many do, nothing else gets its turn
 * until the oldest has been told.
 */
export class FanOut<Event extends Tellable> {
  readonly #listeners: ReadonlySet<Connection>;
  readonly #limits: RpcLimits;
  readonly #write: (event: Event) => Frame;
  readonly #rounds: Round[] = [];

  constructor(listeners: ReadonlySet<Connection>, limits: RpcLimits, write: (event: Event) => Frame) {
    this.#listeners = listeners;
    this.#limits = limits;
    this.#write = write;
  }

  send(event: Event): void {
    if (this.#listeners.size === 0) return;
    if (this.#rounds.length >= this.#limits.fanOutQueue) this.#tellSome(Number.POSITIVE_INFINITY);
    const isFirst = this.#rounds.length === 0;
    this.#rounds.push({ outgoing: new Outgoing(event, () => this.#write(event)), listeners: this.#listeners.values() });
    if (isFirst) this.#goOn();
  }

  /** Tells all that is still to be told. */
  flush(): void {
    while (this.#rounds.length > 0) this.#tellSome(Number.POSITIVE_INFINITY);
  }

  #goOn(): void {
    this.#tellSome(this.#limits.fanOutChunk);
    if (this.#rounds.length > 0) setImmediate(() => this.#goOn());
  }

  /** One chunk of the oldest round; the round is over when there is nobody left. */
  #tellSome(most: number): void {
    const [round] = this.#rounds;
    if (!round) return;
    const { outgoing } = round;
    for (let told = 0; told < most; told++) {
      const next = round.listeners.next();
      if (next.done) {
        this.#rounds.shift();
        return;
      }
      if (mayHear(next.value, outgoing.event)) next.value.tell(outgoing);
    }
  }
}

function mayHear(connection: Connection, { scope, isFor }: Tellable): boolean {
  if (!connection.isListening || !permits(connection.caller.scopes, scope)) return false;
  return isFor?.(connection.heeded) ?? true;
}

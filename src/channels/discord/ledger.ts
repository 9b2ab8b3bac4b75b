/**
 * Which events of one gateway session are taken. Discord acknowledges nothing event by event, but it plays a session again
 * from any number, so the number that it is told is that of the last event before the first one not yet durable.
 */
export class Ledger {
  readonly #open = new Set<number>();
  #seen: number;

  constructor(seen: number) {
    this.#seen = seen;
  }

  /** Every event up to this one is on disk, or nobody's business. */
  get durable(): number {
    const [first] = this.#open;
    return first === undefined ? this.#seen : first - 1;
  }

  /** False for an event that was played again and is held here, or was. */
  begin(sequence: number): boolean {
    if (sequence <= this.#seen) return false;
    this.#seen = sequence;
    this.#open.add(sequence);
    return true;
  }

  finish(sequence: number): void {
    this.#open.delete(sequence);
  }
}

import { type Clock, Lru } from "#base";

const wrongAttempts = 10;
const withinMs = 60_000;
const lockedMs = 300_000;
const addressesKept = 10_000;

interface Record {
  /** When the attempts within the window went wrong, oldest first. */
  readonly wrongAt: number[];
  lockedUntil: number;
}

/** Ten wrong attempts within a minute close an address for five. What was tried last is kept longest. */
export class Lockout {
  readonly #clock: Clock;
  readonly #records = new Lru<string, Record>({ budget: addressesKept });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long the address stays closed; 0 when it is open. */
  remainingMs(group: string): number {
    return Math.max(0, (this.#records.get(group)?.lockedUntil ?? 0) - this.#clock.elapsed());
  }

  /** True when this attempt closed the address. */
  wrong(group: string): boolean {
    const now = this.#clock.elapsed();
    const record = this.#records.get(group) ?? { wrongAt: [], lockedUntil: 0 };
    this.#records.set(group, record);
    while ((record.wrongAt[0] ?? now) <= now - withinMs) record.wrongAt.shift();
    record.wrongAt.push(now);
    if (record.wrongAt.length < wrongAttempts) return false;
    record.wrongAt.length = 0;
    record.lockedUntil = now + lockedMs;
    return true;
  }
}

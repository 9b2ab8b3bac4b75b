import { type Clock, Lru } from "#base";

const most = 20;
const withinMs = 60_000;
const addressesKept = 10_000;

/**
 * Who showed an account more than twenty wrong secrets within a minute is not read until one of them is a minute old. Each
 * account counts for itself: platforms call all of their bots from the same few addresses.
 */
export class WrongSecrets {
  readonly #clock: Clock;
  /** When, oldest first. */
  readonly #times = new Lru<string, number[]>({ budget: addressesKept });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(account: string, address: string): void {
    const times = this.#recent(account, address);
    times.push(this.#clock.elapsed());
    this.#times.set(`${account} ${address}`, times.slice(-most));
  }

  /** How long until it is read again; 0 when it is read. */
  waitMs(account: string, address: string): number {
    const [oldest] = this.#recent(account, address).slice(-most);
    if (oldest === undefined || this.#recent(account, address).length < most) return 0;
    return oldest + withinMs - this.#clock.elapsed();
  }

  #recent(account: string, address: string): number[] {
    const now = this.#clock.elapsed();
    return (this.#times.get(`${account} ${address}`) ?? []).filter((at) => at + withinMs > now);
  }
}

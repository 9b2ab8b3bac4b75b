import { type Clock, Lru } from "#base";
import { fault } from "#protocol";

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

  /** Throws `lockedOut` for whom it is not read. */
  check(account: string, address: string): void {
    const times = this.#recent(account, address);
    const [oldest] = times.slice(-most);
    if (oldest === undefined || times.length < most) return;
    throw fault.lockedOut({ seconds: Math.ceil((oldest + withinMs - this.#clock.elapsed()) / 1_000) });
  }

  #recent(account: string, address: string): number[] {
    const now = this.#clock.elapsed();
    return (this.#times.get(`${account} ${address}`) ?? []).filter((at) => at + withinMs > now);
  }
}

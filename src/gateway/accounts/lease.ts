import type { ConfiguredAccount } from "#channels";

/** The right to open an account that only one gateway may have open. */
export type Lease =
  /** Until `release`, or the end of the process. `warning`: it could not be asked for, so nothing keeps another one away. */
  | { readonly held: true; readonly warning?: string; release(): void }
  | { readonly held: false; readonly problem: string };

export type TakeLease = (account: ConfiguredAccount) => Promise<Lease>;

/** One account's lease, from its first opening to its end: a connection that is lost is opened anew under the same one. */
export class Tenancy {
  readonly #take: () => Promise<Lease>;
  #held: Extract<Lease, { readonly held: true }> | undefined;

  constructor(account: ConfiguredAccount, take: TakeLease | undefined) {
    this.#take = async () => (await take?.(account)) ?? { held: true, release: () => {} };
  }

  get warning(): string | undefined {
    return this.#held?.warning;
  }

  /** Why the account may not be opened now; undefined when it may. */
  async enter(): Promise<string | undefined> {
    if (this.#held) return undefined;
    const lease = await this.#take();
    if (!lease.held) return lease.problem;
    this.#held = lease;
    return undefined;
  }

  leave(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}

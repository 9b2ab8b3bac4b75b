import { Lru } from "#base";
import type { Allowance } from "#channels";
import type { Address } from "#protocol";
import type { Lines } from "../line.ts";

const allowancesKept = 5_000;

/**
 * When messages may go out, by what their platforms advise. Kept in memory alone: after a start the platform says itself
 * when something was too much, and then it is tried later.
 */
export class Pace {
  readonly #lines: Pick<Lines, "find">;
  readonly #tries = new Lru<string, readonly number[]>({ budget: allowancesKept });

  constructor(lines: Pick<Lines, "find">) {
    this.#lines = lines;
  }

  /** A message goes out there now, whatever comes of it. */
  note(to: Address, now: number): void {
    for (const { key, most } of this.#allowances(to)) {
      this.#tries.set(key, [...(this.#tries.get(key) ?? []), now].slice(-most));
    }
  }

  /** How long a message to there has to wait yet; 0 when it may go. */
  waitMs(to: Address, now: number): number {
    const waits = this.#allowances(to).map(({ key, most, perMs }) => {
      const tries = this.#tries.get(key) ?? [];
      const [oldest = now] = tries;
      return tries.length < most ? 0 : oldest + perMs - now;
    });
    return Math.max(0, ...waits);
  }

  #allowances(to: Address): readonly (Allowance & { readonly key: string })[] {
    const line = this.#lines.find(to);
    const all = line?.settings.pace === "off" ? [] : (line?.channel.pace?.(to) ?? []);
    return all.map((one) => ({ ...one, key: `${line?.channel.id} ${line?.account} ${one.perMs} ${one.of}` }));
  }
}

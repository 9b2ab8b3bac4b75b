import { Lru } from "#base";
import type { Allowance } from "#channels";
import type { Address } from "#protocol";
import type { OutboxRow } from "#storage";
import type { Lines } from "../line.ts";

const allowancesKept = 5_000;
/** How far it is looked behind rows that have to wait, so that a busy platform holds up no other. */
const looks = [16, 64, 256];

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

  /** Of the rows that are due, at most so many that go out now, and how long the first of those waits that may not yet. */
  async pick(
    read: (limit: number) => Promise<readonly OutboxRow[]>,
    most: number,
    elapsed: () => number,
  ): Promise<{ readonly rows: readonly OutboxRow[]; readonly waitMs: number | undefined }> {
    const rows = new Map<string, OutboxRow>();
    let waitMs: number | undefined;
    for (const limit of looks) {
      const due = await read(limit);
      const now = elapsed();
      for (const row of due) {
        if (rows.size >= most || rows.has(row.id)) continue;
        const ms = this.#waitMs(row.to, now);
        if (ms > 0) waitMs = Math.min(ms, waitMs ?? ms);
        else {
          this.note(row.to, now);
          rows.set(row.id, row);
        }
      }
      if (most === 0 || rows.size > 0 || waitMs === undefined || due.length < limit) break;
    }
    return { rows: [...rows.values()], waitMs };
  }

  /** A message goes out there now, whatever comes of it. */
  note(to: Address, now: number): void {
    for (const { key, most } of this.#allowances(to)) {
      this.#tries.set(key, [...(this.#tries.get(key) ?? []), now].slice(-most));
    }
  }

  #waitMs(to: Address, now: number): number {
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

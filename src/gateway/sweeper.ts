import type { House } from "./house.ts";
import { asideRecords, joinedRecords } from "./inbound/record-kinds.ts";
import { requestRecords } from "./requests.ts";

const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;

/** Longer than any platform tells the same message again, and any client repeats the same request. */
const keptMs = { receipts: 30 * dayMs, requests: 2 * dayMs, deadLetters: 30 * dayMs } as const;

const rowsAtOnce = 500;
const mostRounds = 200;
const firstMs = 5 * 60 * 1_000;

/** Takes away what has served its time, a little at once. Tells how many rows went. */
export async function sweep({ storage, clock }: Pick<House, "storage" | "clock">): Promise<number> {
  const now = clock.now();
  let gone = 0;
  for (let round = 0; round < mostRounds; round++) {
    const swept = await storage.sweep({
      receiptsBefore: now - keptMs.receipts,
      deadLettersBefore: now - keptMs.deadLetters,
      records: [
        { kind: requestRecords, before: now - keptMs.requests },
        { kind: joinedRecords, before: now - keptMs.receipts },
        { kind: asideRecords, before: now - keptMs.deadLetters },
      ],
      limit: rowsAtOnce,
    });
    gone += swept;
    if (swept < rowsAtOnce) return gone;
  }
  return gone;
}

/** Sweeps every hour, until it is disposed of. */
export function createSweeper(house: House): Disposable {
  const run = () => {
    timer = setTimeout(run, hourMs);
    sweep(house)
      .then((gone) => gone > 0 && house.log.debug("what had served its time was taken away", { rows: gone }))
      .catch((error: unknown) => house.log.warn("old rows could not be taken away", { error }));
  };
  let timer = setTimeout(run, firstMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

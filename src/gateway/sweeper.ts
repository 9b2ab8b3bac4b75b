import type { House } from "./house.ts";
import { asideRecords, joinedRecords } from "./inbound/record-kinds.ts";
import { previewRecords } from "./outbound/previews.ts";
import { requestRecords } from "./requests.ts";
import { rest } from "./rest.ts";
import { type RetentionLimits, usualRetention } from "./retention.ts";

const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;

/** Longer than any client repeats the same request. */
const requestsMs = 2 * dayMs;

/** Longer than an answer can be under way. */
const previewsMs = 3 * dayMs;

const rowsAtOnce = 500;
const mostRounds = 200;
const firstMs = 5 * 60 * 1_000;

type Swept = Pick<House, "storage" | "clock"> & { readonly retention?: () => RetentionLimits };

/** Takes away what has served its time, a little at once. Tells how many rows went. */
export async function sweep({ storage, clock, retention }: Swept, signal?: AbortSignal): Promise<number> {
  const now = clock.now();
  const { receiptsDays, deadLettersDays } = retention?.() ?? usualRetention;
  let gone = 0;
  for (let round = 0; round < mostRounds; round++) {
    const swept = await storage.sweep({
      receiptsBefore: now - receiptsDays * dayMs,
      deadLettersBefore: now - deadLettersDays * dayMs,
      records: [
        { kind: requestRecords, before: now - requestsMs },
        { kind: previewRecords, before: now - previewsMs },
        { kind: joinedRecords, before: now - receiptsDays * dayMs },
        { kind: asideRecords, before: now - deadLettersDays * dayMs },
      ],
      limit: rowsAtOnce,
    });
    gone += swept;
    if (swept < rowsAtOnce) return gone;
    await rest(signal);
    if (signal?.aborted) return gone;
  }
  return gone;
}

/** Sweeps every hour, until it is disposed of. `isInUse` names prompts that no log names yet. */
export function createSweeper(house: House, isInUse: (promptHash: string) => boolean): Disposable {
  const stop = new AbortController();
  const run = () => {
    timer = setTimeout(run, hourMs).unref();
    sweepAll(house, isInUse, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) house.log.warn("old rows could not be taken away", { error });
    });
  };
  let timer = setTimeout(run, firstMs).unref();
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      stop.abort();
    },
  };
}

async function sweepAll(house: House, isInUse: (promptHash: string) => boolean, signal: AbortSignal): Promise<void> {
  const rows = await sweep(house, signal);
  const { sweepDeep } = await import("./sweep-deep.ts");
  const deep = await sweepDeep(house, isInUse, signal);
  await house.sweepBesides?.();
  if (rows > 0 || deep.sessions > 0 || deep.prompts > 0 || deep.files > 0)
    house.log.debug("what had served its time was taken away", { rows, ...deep });
}

import { Check } from "@sinclair/typebox/value";
import type { Log } from "#base";
import type { Storage } from "#storage";
import { Entry } from "./entry.ts";
import { waitingRecords } from "./record-kinds.ts";

/** What waits on disk: group by group, each as it arrived, at most so many messages. */
export async function readWaiting(
  { storage, log }: { readonly storage: Storage; readonly log: Log },
  most: number,
): Promise<readonly (readonly Entry[])[]> {
  const rows = await storage.records({ kind: waitingRecords, limit: most });
  const entries = rows.flatMap(({ id, data }) => {
    const entry: unknown = JSON.parse(data);
    if (Check(Entry, entry)) return [entry];
    log.error("a message that waits is damaged and left out", { id });
    return [];
  });
  const inOrder = entries.toSorted((a, b) => a.arrivedAt - b.arrivedAt || a.n - b.n);
  return [...Map.groupBy(inOrder, (entry) => JSON.stringify([entry.scope, entry.group])).values()];
}

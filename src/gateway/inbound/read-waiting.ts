import type { Log } from "#base";
import type { RecordRow, Storage } from "#storage";
import { type Entry, readEntry } from "./entry.ts";
import { waitingRecords } from "./record-kinds.ts";

const pageRows = 1_000;

/** What waits on disk and has a place in memory: group by group, each as it arrived. */
export async function readWaiting({
  storage,
  log,
}: {
  readonly storage: Storage;
  readonly log: Log;
}): Promise<readonly (readonly Entry[])[]> {
  const entries = (await allRows(storage)).flatMap(({ id, data }) => {
    const entry = readEntry(data);
    if (entry) return [entry];
    log.error("a message that waits is damaged and left out", { id });
    return [];
  });
  const inOrder = entries.toSorted((a, b) => a.arrivedAt - b.arrivedAt || a.n - b.n);
  return [...Map.groupBy(inOrder, (entry) => JSON.stringify([entry.scope, entry.group])).values()];
}

async function allRows(storage: Storage): Promise<readonly RecordRow[]> {
  const rows: RecordRow[] = [];
  for (;;) {
    const page = await storage.records({ kind: waitingRecords, after: rows.at(-1)?.id ?? "", limit: pageRows });
    rows.push(...page);
    if (page.length < pageRows) return rows;
  }
}

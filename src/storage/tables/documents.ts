import { newDocumentRow } from "../rows/document-row.ts";
import type { RecordWrite } from "../storage.ts";
import { pair, type Tables } from "./tables.ts";

/** Looks at all versions before it writes the first, so that a no leaves nothing behind. */
export function writeDocuments(tables: Tables, writes: readonly RecordWrite[], now: number): boolean {
  const versions = writes.map(({ kind, id }) => tables.records.get(pair(kind, id))?.version ?? 0);
  if (writes.some(({ expected }, i) => expected !== undefined && expected !== versions[i])) return false;
  for (const [i, { kind, id, data }] of writes.entries()) {
    const key = pair(kind, id);
    if (data === undefined) tables.records.delete(key);
    else tables.records.set(key, newDocumentRow({ kind, id, version: (versions[i] ?? 0) + 1, data, updated_at: now }));
  }
  return true;
}

import type { RecordRow, RecordWrite } from "../storage.ts";
import { type DocumentRecord, pair, type Tables } from "./tables.ts";

/** Looks at all versions before it writes the first, so that a no leaves nothing behind. */
export function writeDocuments(tables: Tables, writes: readonly RecordWrite[], now: number): boolean {
  const versions = writes.map(({ kind, id }) => tables.records.get(pair(kind, id))?.version ?? 0);
  if (writes.some(({ expected }, i) => expected !== undefined && expected !== versions[i])) return false;
  for (const [i, { kind, id, data }] of writes.entries()) {
    const key = pair(kind, id);
    if (data === undefined) tables.records.delete(key);
    else tables.records.set(key, { kind, id, version: (versions[i] ?? 0) + 1, data, updated_at: now });
  }
  return true;
}

export function documentOf({ kind, id, version, data, updated_at: updatedAt }: DocumentRecord): RecordRow {
  return { kind, id, version, data, updatedAt };
}

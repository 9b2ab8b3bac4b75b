import { buried, claimed, letGo, type OutboxRecord, postponed, settled } from "../rows/outbox-row.ts";
import type { OutboxClaim, Settlement, Storage } from "../storage.ts";
import type { Tables } from "./tables.ts";

export function claimRow(tables: Tables, id: string, claim: OutboxClaim): number | undefined {
  const row = claimed(tables.outbox.get(id), claim);
  if (row) tables.outbox.set(id, row);
  return row?.claim;
}

export function postponeRow(tables: Tables, id: string, next: Parameters<Storage["postponeOutbox"]>[1]): boolean {
  return replaced(tables, postponed(tables.outbox.get(id), next));
}

export function buryRow(
  tables: Tables,
  { n, problem, now }: { readonly n: number; readonly problem: string; readonly now: number },
): boolean {
  const row = [...tables.outbox.values()].find((one) => one.n === n);
  return replaced(tables, buried(row, problem, now));
}

export function releaseRows(tables: Tables, owner: string): void {
  const held = [...tables.outbox.values()].filter((row) => row.owner === owner);
  for (const row of held) replaced(tables, letGo(row));
}

export function settleRow(tables: Tables, settlement: Settlement, now: number): void {
  const { id } = settlement;
  const row = settled(tables.outbox.get(id), settlement, { now, nextN: () => (tables.lastOutbox += 1) });
  if (!replaced(tables, row)) tables.outbox.delete(id);
}

function replaced(tables: Tables, row: OutboxRecord | undefined): boolean {
  if (row) tables.outbox.set(row.id, row);
  return row !== undefined;
}

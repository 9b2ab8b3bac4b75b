import { isIntact, sealedKeys, type SealedTable } from "../rows/seal.ts";
import type { Finding, Findings } from "./finding.ts";

export const sealFindings: Readonly<Record<SealedTable, Finding["where"]>> = {
  receipts: "receipt",
  outbox: "outbox",
  records: "record",
};

type Row = Readonly<Record<string, unknown>> & { readonly seal: unknown };

/** Names the rows that are not as they were written. */
export function inspectSeals(table: SealedTable, rows: Iterable<Row>, findings: Findings): void {
  for (const row of rows)
    if (!isIntact(table, row)) findings.add({ where: sealFindings[table], problem: brokenSealOf(table, row) });
}

export function brokenSealOf(table: SealedTable, row: Readonly<Record<string, unknown>>): string {
  const key = sealedKeys[table].map((name) => String(row[name])).join(" ");
  return `${table} ${key}: its seal does not fit`;
}

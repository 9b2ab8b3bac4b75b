import type { RecordRow } from "../storage.ts";
import { isIntact, sealed } from "./seal.ts";

export interface DocumentRecord {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly data: string;
  readonly updated_at: number;
  readonly seal: string;
}

export function newDocumentRow(row: Omit<DocumentRecord, "seal">): DocumentRecord {
  return sealed("records", row);
}

/** What a damaged document says is nothing that any reader takes for what it looks for. */
const nothing = "null";

export function documentOf(row: DocumentRecord): RecordRow {
  const { kind, id, version, data, updated_at: updatedAt } = row;
  if (isIntact("records", row)) return { kind, id, version, data, updatedAt };
  return { kind, id, version, data: nothing, updatedAt, isDamaged: true };
}

import type { NewReceipt, Receipt } from "../storage.ts";
import { isIntact, sealed } from "./seal.ts";

export interface ReceiptRecord {
  readonly scope: string;
  readonly key: string;
  readonly request_hash: string;
  readonly run_id: string;
  readonly session_id: string;
  readonly at: number;
  readonly seal: string;
}

export function newReceiptRow(receipt: NewReceipt, sessionId: string, now: number): ReceiptRecord {
  const { scope, key, requestHash, runId } = receipt;
  const row = { scope, key, request_hash: requestHash, run_id: runId, session_id: sessionId, at: now };
  return sealed("receipts", row);
}

export function receiptOf(row: ReceiptRecord): Receipt {
  const { scope, key, request_hash: requestHash, run_id: runId, session_id: sessionId, at } = row;
  const receipt = { scope, key, requestHash, runId, sessionId, at };
  return isIntact("receipts", row) ? receipt : { ...receipt, isDamaged: true };
}

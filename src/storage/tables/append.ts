import type { SessionEvent, StoredEvent } from "#protocol";
import { type AppendPart, emptyLog, linkEvent, type LogHead, type PreparedPart } from "../prepare-append.ts";
import { newOutboxRow } from "../rows/outbox-row.ts";
import { newReceiptRow, receiptOf } from "../rows/receipt-row.ts";
import type { Appended, NewOutboxRow, NewReceipt } from "../storage.ts";
import { settleRow } from "./outbox.ts";
import { followRuns } from "./runs.ts";
import { pair, type SessionRecord, type Tables } from "./tables.ts";

export interface PreparedAppend {
  readonly parts: readonly PreparedPart[];
  readonly receipt: NewReceipt | undefined;
}

/** Throws, and may leave half of it, when the append cannot be written: call it inside an attempt of the journal. */
export function appendTo(tables: Tables, { parts, receipt }: PreparedAppend, now: number): Appended {
  const known = receipt && tables.receipts.get(pair(receipt.scope, receipt.key));
  if (known) return { taken: false, receipt: receiptOf(known) };
  const events = parts.flatMap((part) => write(tables, part, now));
  const sessionId = parts[0]?.part.sessionId;
  if (receipt && sessionId !== undefined)
    tables.receipts.set(pair(receipt.scope, receipt.key), newReceiptRow(receipt, sessionId, now));
  return { taken: true, events };
}

function write(tables: Tables, { part, events }: PreparedPart, now: number): StoredEvent[] {
  const session = openOrFind(tables, part, now);
  const stored: StoredEvent[] = [];
  let head: LogHead = { seq: session.head_seq, hash: session.head_hash, id: session.head_id };
  for (const one of events) {
    const next = linkEvent(session.id, head, one);
    const { seq, id, at, hash } = next;
    const row = { seq, id, at, parent_id: head.id, kind: next.event.kind, data: one.text, hash };
    tables.events.set(pair(session.id, seq), { ...row, session_id: session.id, sent_id: sentIdOf(next.event) });
    followRuns(tables, next);
    head = next;
    stored.push(next);
  }
  const last = stored.at(-1);
  const isEnded = last?.event.kind === "SessionEnded";
  tables.sessions.set(session.id, {
    ...session,
    head_seq: head.seq,
    head_hash: head.hash,
    head_id: head.id,
    updated_at: last?.at ?? session.updated_at,
    projection: part.projection ?? session.projection,
    ended_at: isEnded ? last.at : null,
  });
  if (isEnded) tables.live.delete(session.key);
  for (const row of part.outbox ?? []) queue(tables, { sessionId: session.id, row, now });
  for (const settlement of part.settles ?? []) settleRow(tables, settlement, now);
  return stored;
}

/** The platform's id of a message that was sent. */
export function sentIdOf(event: SessionEvent): string | null {
  return event.kind === "MessageSent" ? event.messageId : null;
}

function openOrFind(tables: Tables, { sessionId: id, opens, events }: AppendPart, now: number): SessionRecord {
  const found = tables.sessions.get(id);
  if (!opens) {
    if (!found || found.ended_at !== null) throw new Error(`there is no live session ${id} to append to`);
    return found;
  }
  if (found) throw new Error(`there is a session ${id} already`);
  if (tables.live.get(opens.key)) throw new Error(`the key of session ${id} has a live session already`);
  const at = events[0]?.at ?? now;
  tables.live.set(opens.key, { id });
  const { seq: head_seq, hash: head_hash, id: head_id } = emptyLog;
  const head = { head_seq, head_hash, head_id };
  const times = { created_at: at, updated_at: at, ended_at: null };
  return { id, key: opens.key, agent_id: opens.agentId, ...times, ...head, projection: "", purged: 0 };
}

function queue(
  tables: Tables,
  { sessionId, row, now }: { readonly sessionId: string; readonly row: NewOutboxRow; readonly now: number },
): void {
  if (tables.outbox.get(row.id)) throw new Error(`there is an outbox row ${row.id} already`);
  tables.lastOutbox += 1;
  tables.outbox.set(row.id, newOutboxRow(row, { n: tables.lastOutbox, sessionId, now }));
}

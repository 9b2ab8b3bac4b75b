import { fault } from "#protocol";
import type { OutboxClaim, Settlement, Storage } from "../storage.ts";
import type { OutboxRecord, Tables } from "./tables.ts";

export function claimRow(tables: Tables, id: string, { owner, claim, now, until }: OutboxClaim): number | undefined {
  const row = heldRow(tables, id, claim);
  if (!row || (row.claimed_until ?? 0) > now) return undefined;
  tables.outbox.set(id, { ...row, owner, claimed_until: until, claim: claim + 1, may_be_sent: 1 });
  return claim + 1;
}

export function postponeRow(tables: Tables, id: string, next: Parameters<Storage["postponeOutbox"]>[1]): boolean {
  const row = heldRow(tables, id, next.claim);
  if (!row) return false;
  tables.outbox.set(id, { ...row, ...triedAs(next), next_at: next.nextAt });
  return true;
}

export function settleRow(tables: Tables, settlement: Settlement, now: number): void {
  const { id } = settlement;
  switch (settlement.as) {
    case "sent":
      if (!heldRow(tables, id, settlement.claim)) throw fault.claimLost({ id });
      return tables.outbox.delete(id);
    case "dead": {
      const row = heldRow(tables, id, settlement.claim);
      if (!row) throw fault.claimLost({ id });
      return tables.outbox.set(id, { ...row, ...triedAs(settlement), dead_at: now });
    }
    case "replayed": {
      const row = deadRow(tables, id);
      tables.lastOutbox += 1;
      const again = { n: tables.lastOutbox, dead_at: null, attempts: 0, next_at: now, created_at: now };
      return tables.outbox.set(id, { ...row, ...again });
    }
    case "dropped":
      return tables.outbox.delete(deadRow(tables, id).id);
  }
}

export function letGo(row: OutboxRecord): OutboxRecord {
  return { ...row, owner: null, claimed_until: null };
}

/** When a row is its own and its time has come. */
export function freeAt(row: OutboxRecord): number {
  return Math.max(row.next_at, row.claimed_until ?? 0);
}

function heldRow(tables: Tables, id: string, claim: number): OutboxRecord | undefined {
  const row = tables.outbox.get(id);
  return row?.claim === claim && row.dead_at === null ? row : undefined;
}

function deadRow(tables: Tables, id: string): OutboxRecord {
  const row = tables.outbox.get(id);
  if (!row || row.dead_at === null) throw fault.deadLetterNotFound({ id });
  return row;
}

function triedAs(tried: { readonly attempts: number; readonly problem: string; readonly mayBeSent: boolean }) {
  const { attempts, problem, mayBeSent } = tried;
  return { attempts, problem, may_be_sent: Number(mayBeSent), owner: null, claimed_until: null };
}

import { parseJson } from "#base";
import { Address, fault } from "#protocol";
import { Check } from "@sinclair/typebox/value";
import { filesIn, filesText } from "../outbox-file.ts";
import { addressText } from "../prepare-append.ts";
import type { NewOutboxRow, OutboxClaim, OutboxRow, Settlement, Storage } from "../storage.ts";
import { brokenSeal, isIntact, sealed } from "./seal.ts";

export interface OutboxRecord {
  readonly n: number;
  readonly id: string;
  readonly session_id: string;
  readonly run_id: string | null;
  readonly address: string;
  readonly text: string;
  readonly created_at: number;
  readonly attempts: number;
  readonly next_at: number;
  readonly problem: string | null;
  readonly claim: number;
  readonly owner: string | null;
  readonly claimed_until: number | null;
  readonly may_be_sent: number;
  readonly dead_at: number | null;
  readonly files: string | null;
  readonly seal: string;
}

/*
 * What may become of a row, for all databases. A row whose seal is broken is never sealed again: it can be put with the
 * dead, and taken away.
 */

export function newOutboxRow(
  row: NewOutboxRow,
  { n, sessionId, now }: { readonly n: number; readonly sessionId: string; readonly now: number },
): OutboxRecord {
  const { id, to, text, runId, files } = row;
  const content = { address: addressText(to), text, files: filesText(files) };
  const about = { n, id, session_id: sessionId, run_id: runId ?? null, ...content };
  const times = { created_at: now, attempts: 0, next_at: now, problem: null };
  return sealed("outbox", { ...about, ...times, claim: 0, ...unclaimed, may_be_sent: 0, dead_at: null });
}

export function claimed(
  row: OutboxRecord | undefined,
  { owner, claim, now, until }: OutboxClaim,
): OutboxRecord | undefined {
  if (!row || !isHeld(row, claim) || (row.claimed_until ?? 0) > now || !isIntact("outbox", row)) return undefined;
  return sealed("outbox", { ...row, owner, claimed_until: until, claim: claim + 1, may_be_sent: 1 });
}

export function postponed(
  row: OutboxRecord | undefined,
  next: Parameters<Storage["postponeOutbox"]>[1],
): OutboxRecord | undefined {
  if (!row || !isHeld(row, next.claim) || !isIntact("outbox", row)) return undefined;
  return sealed("outbox", { ...row, ...triedAs(next), next_at: next.nextAt });
}

/** Undefined where the row goes away. `nextN` gives the place at the end of the queue. */
export function settled(
  row: OutboxRecord | undefined,
  settlement: Settlement,
  { now, nextN }: { readonly now: number; readonly nextN: () => number },
): OutboxRecord | undefined {
  const { id } = settlement;
  switch (settlement.as) {
    case "sent":
      if (!row || !isHeld(row, settlement.claim)) throw fault.claimLost({ id });
      return undefined;
    case "dead":
      if (!row || !isHeld(row, settlement.claim)) throw fault.claimLost({ id });
      return resealed(row, { ...row, ...triedAs(settlement), dead_at: now });
    case "replayed": {
      const dead = deadRow(row, id);
      if (!isIntact("outbox", dead)) throw fault.deadLetterDamaged({ id });
      const again = { n: nextN(), dead_at: null, attempts: 0, next_at: now, created_at: now };
      return sealed("outbox", { ...dead, ...again });
    }
    case "dropped":
      deadRow(row, id);
      return undefined;
  }
}

/** Undefined for a row that is as it was written, or dead. */
export function buried(row: OutboxRecord | undefined, problem: string, now: number): OutboxRecord | undefined {
  if (!row || row.dead_at !== null || isIntact("outbox", row)) return undefined;
  return { ...row, ...unclaimed, problem, dead_at: now, seal: brokenSeal };
}

/** Undefined for a row that stays as it is. The try that it was held for was cut off, and counts: what it did is not known. */
export function letGo(row: OutboxRecord): OutboxRecord | undefined {
  if (!isIntact("outbox", row)) return undefined;
  return sealed("outbox", { ...row, ...unclaimed, attempts: row.attempts + 1 });
}

/** When a row is its own and its time has come. */
export function freeAt(row: OutboxRecord): number {
  return Math.max(row.next_at, row.claimed_until ?? 0);
}

/** No row is put off for so long; one that says so is looked at, and is damaged. */
export const beyondAllMs = 7 * 24 * 60 * 60 * 1_000;

export function isDue(row: OutboxRecord, now: number): boolean {
  return freeAt(row) <= now || !isIntact("outbox", row);
}

export function outboxOf(row: OutboxRecord, key: string | null): OutboxRow {
  const { id, n, session_id: sessionId, text, created_at: createdAt, attempts, next_at: nextAt, claim } = row;
  const to = addressOf(row.address);
  const isDamaged = to === undefined || key === null || !isIntact("outbox", row);
  return {
    id,
    n,
    sessionId,
    key: key ?? "",
    to: to ?? { channel: "unknown", chat: "unknown" },
    text,
    createdAt,
    attempts,
    nextAt,
    claim,
    mayBeSent: row.may_be_sent === 1,
    ...(row.run_id !== null && { runId: row.run_id }),
    ...(row.problem !== null && { problem: row.problem }),
    ...(row.claimed_until !== null && { claimedUntil: row.claimed_until }),
    ...(row.dead_at !== null && { deadAt: row.dead_at }),
    ...(isDamaged ? { isDamaged } : filesIn(row.files, id)),
  };
}

const unclaimed = { owner: null, claimed_until: null };

function isHeld(row: OutboxRecord, claim: number): boolean {
  return row.claim === claim && row.dead_at === null;
}

function deadRow(row: OutboxRecord | undefined, id: string): OutboxRecord {
  if (!row || row.dead_at === null) throw fault.deadLetterNotFound({ id });
  return row;
}

function resealed(before: OutboxRecord, after: OutboxRecord): OutboxRecord {
  return isIntact("outbox", before) ? sealed("outbox", after) : { ...after, seal: brokenSeal };
}

function triedAs(tried: { readonly attempts: number; readonly problem: string; readonly mayBeSent: boolean }) {
  const { attempts, problem, mayBeSent } = tried;
  return { attempts, problem, may_be_sent: Number(mayBeSent), ...unclaimed };
}

function addressOf(text: string): Address | undefined {
  const to = parseJson(text);
  return Check(Address, to) ? to : undefined;
}

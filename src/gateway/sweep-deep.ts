import type { EndedSession, Upkeep } from "#storage";
import type { House } from "./house.ts";
import { promptMimeType } from "./prompts.ts";
import { rest } from "./rest.ts";
import { type RetentionLimits, usualRetention } from "./retention.ts";
import { sweepFiles } from "./sweep-files.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const sessionsAtOnce = 100;
const blobsAtOnce = 500;
/** A busy log grows while it is read; then the tail is read again. */
const mostTries = 50;
const mostReclaims = 10_000;

type Swept = Pick<House, "storage" | "clock"> & { readonly retention?: () => RetentionLimits };

/** Takes away ended sessions, prompts that no log names, and files of messages, and gives the room back, step by step. */
export async function sweepDeep(
  house: Swept,
  isInUse: (promptHash: string) => boolean,
  signal: AbortSignal,
): Promise<{ readonly sessions: number; readonly prompts: number; readonly files: number }> {
  const upkeep = await house.storage.upkeep?.();
  if (!upkeep) return { sessions: 0, prompts: 0, files: 0 };
  const sessions = await sweepSessions(house, upkeep, signal);
  const prompts = await sweepPrompts({ house, upkeep, signal }, isInUse);
  const files = await sweepFiles({ house, upkeep, signal });
  for (let n = 0; n < mostReclaims && !signal.aborted && (await upkeep.reclaim()); n++) await rest(signal);
  return { sessions, prompts, files };
}

/** From the last ended to the first: what is too old, and what comes after so much that the rest is too much. */
async function sweepSessions(
  { storage, clock, retention }: Swept,
  upkeep: Upkeep,
  signal: AbortSignal,
): Promise<number> {
  const { days, megabytes } = boundsOf(retention?.() ?? usualRetention);
  if (days === Infinity && megabytes === Infinity) return 0;
  const oldest = clock.now() - days * dayMs;
  let left = megabytes * 1024 * 1024;
  let gone = 0;
  for await (const session of endedSessions(upkeep)) {
    if (signal.aborted) return gone;
    if (session.endedAt < oldest) left = -1; // those that ended before are older still
    if (left >= 0) left -= await weigh(upkeep, session.id, { most: left, signal });
    if (left >= 0 || signal.aborted) continue;
    await storage.deleteSession(session.id);
    gone += 1;
    await rest(signal);
  }
  return gone;
}

function boundsOf({ endedSessionsDays: days, endedSessionsMegabytes: megabytes }: RetentionLimits) {
  return { days: days || Infinity, megabytes: megabytes || Infinity };
}

async function* endedSessions(upkeep: Upkeep): AsyncGenerator<EndedSession> {
  let page = await upkeep.endedSessions({ limit: sessionsAtOnce });
  while (page.length > 0) {
    yield* page;
    const before = page.at(-1);
    page = await upkeep.endedSessions({ ...(before && { before }), limit: sessionsAtOnce });
  }
}

/** Not further than needed to know that it is too much. */
async function weigh(
  upkeep: Upkeep,
  sessionId: string,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<number> {
  if (most === Infinity) return 0;
  let bytes = 0;
  for (let after = 0; bytes <= most && !signal.aborted;) {
    const some = await upkeep.weigh(sessionId, after);
    bytes += some.bytes;
    if (some.last === undefined) return bytes;
    after = some.last;
    await rest(signal);
  }
  return bytes;
}

/** Reads which prompts the logs name, in steps; only when there is one that is older than a day and might not be. */
async function sweepPrompts(
  { house, upkeep, signal }: { readonly house: Swept; readonly upkeep: Upkeep; readonly signal: AbortSignal },
  isInUse: (promptHash: string) => boolean,
): Promise<number> {
  const kind = { mimeType: promptMimeType, before: house.clock.now() - dayMs };
  const old = await upkeep.blobs({ ...kind, limit: blobsAtOnce });
  const unnamed = new Set(old.filter((hash) => !isInUse(hash)));
  for (let upTo = 0, tries = 0; unnamed.size > 0 && tries < mostTries && !signal.aborted;) {
    const { hashes, last } = await upkeep.promptsNamed(upTo);
    for (const hash of hashes) unnamed.delete(hash);
    if (last !== undefined) {
      upTo = last;
      await rest(signal);
      continue;
    }
    const spared = [...unnamed].filter((hash) => !isInUse(hash));
    const deleted = await upkeep.deleteBlobs(spared, { ...kind, upTo });
    if (deleted !== undefined) return deleted;
    tries += 1;
  }
  return 0;
}

import type { FileBlob, Upkeep } from "#storage";
import type { House } from "./house.ts";
import { asideRecords, waitingRecords } from "./inbound/record-kinds.ts";
import { promptMimeType } from "./prompts.ts";
import { type RetentionLimits, usualRetention } from "./retention.ts";
import { rest } from "./sweeper.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const filesAtOnce = 500;
/** A file is overwritten when it is deleted, so a step deletes few, or one that is large. */
const mostAtOnce = { files: 50, bytes: 1024 * 1024 };
/** What is on its way from a blob to the row that names it is younger by far. */
const graceMs = 60 * 60 * 1_000;

interface Sweeping {
  readonly house: Pick<House, "clock"> & { readonly retention?: () => RetentionLimits };
  readonly upkeep: Upkeep;
  readonly signal: AbortSignal;
}

/**
 * Takes away files that came or went with messages: what is too old, and what comes after so much that the rest is too
 * much. What still has to be delivered, or heard, stays. Messages of the log go on naming what is gone.
 */
export async function sweepFiles({ house, upkeep, signal }: Sweeping): Promise<number> {
  const { filesDays, filesMegabytes } = house.retention?.() ?? usualRetention;
  if (filesDays === 0 && filesMegabytes === 0) return 0;
  const now = house.clock.now();
  const oldest = now - (filesDays || Infinity) * dayMs;
  const before = now - graceMs;
  let left = (filesMegabytes || Infinity) * 1024 * 1024;
  let step: FileBlob[] = [];
  let gone = 0;
  const take = async () => {
    const hashes = step.map(({ hash }) => hash);
    step = [];
    if (hashes.length === 0 || signal.aborted) return;
    const spared = { besides: promptMimeType, before, namedBy: [waitingRecords, asideRecords] };
    gone += await upkeep.deleteFiles(hashes, spared);
    await rest(signal);
  };
  for await (const file of files(upkeep)) {
    if (signal.aborted) return gone;
    left -= file.bytes;
    if (file.at >= before || (file.at >= oldest && left >= 0)) continue;
    const weight = step.reduce((sum, { bytes }) => sum + bytes, file.bytes);
    if (step.length >= mostAtOnce.files || weight > mostAtOnce.bytes) await take();
    step.push(file);
  }
  await take();
  return gone;
}

/** The last put come first. */
async function* files(upkeep: Upkeep): AsyncGenerator<FileBlob> {
  let page = await upkeep.files({ besides: promptMimeType, limit: filesAtOnce });
  while (page.length > 0) {
    yield* page;
    const before = page.at(-1);
    page = await upkeep.files({ besides: promptMimeType, ...(before && { before }), limit: filesAtOnce });
  }
}

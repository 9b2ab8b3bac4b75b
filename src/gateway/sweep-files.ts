import type { FileBlob, Upkeep } from "#storage";
import type { House } from "./house.ts";
import { asideRecords, backlogRecords, waitingRecords } from "./inbound/record-kinds.ts";
import { promptMimeType } from "./prompts.ts";
import { rest } from "./rest.ts";
import { type RetentionLimits, usualRetention } from "./retention.ts";

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
export async function sweepFiles(sweeping: Sweeping): Promise<number> {
  const { house, upkeep, signal } = sweeping;
  const spared = {
    besides: promptMimeType,
    before: house.clock.now() - graceMs,
    namedBy: [waitingRecords, backlogRecords, asideRecords],
  };
  let gone = 0;
  for await (const step of steps(surplus(sweeping, spared.before))) {
    if (signal.aborted) return gone;
    const hashes = step.map(({ hash }) => hash);
    gone += await upkeep.deleteFiles(hashes, spared);
    await rest(signal);
  }
  return gone;
}

/** What is there too long or too much, and was put before that time. */
async function* surplus({ house, upkeep }: Sweeping, before: number): AsyncGenerator<FileBlob> {
  const { filesDays, filesMegabytes } = house.retention?.() ?? usualRetention;
  if (filesDays === 0 && filesMegabytes === 0) return;
  const oldest = house.clock.now() - (filesDays || Infinity) * dayMs;
  let left = (filesMegabytes || Infinity) * 1024 * 1024;
  for await (const file of files(upkeep)) {
    left -= file.bytes;
    if (file.at < before && (file.at < oldest || left < 0)) yield file;
  }
}

async function* steps(found: AsyncIterable<FileBlob>): AsyncGenerator<readonly FileBlob[]> {
  let step: FileBlob[] = [];
  let bytes = 0;
  for await (const file of found) {
    if (step.length > 0 && (step.length >= mostAtOnce.files || bytes + file.bytes > mostAtOnce.bytes)) {
      yield step;
      step = [];
      bytes = 0;
    }
    step.push(file);
    bytes += file.bytes;
  }
  if (step.length > 0) yield step;
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

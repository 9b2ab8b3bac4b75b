import { isSystemError } from "#base";
import { closeSync, openSync, readFileSync } from "node:fs";

/**
 * Are so few file descriptors left that nobody more may be let in? A process without any cannot take a connection from
 * the system's queue, is woken for it again at once, and spins until one is free; the database and the tools need some
 * as well. The system gives the lowest free number, so a high one says how many are taken, silent sockets included.
 */
export function watchDescriptors(most = readLimit()): () => boolean {
  if (most >= plenty) return () => false;
  const highest = most - Math.max(fewestSpare, Math.floor(most / 8));
  return () => nextDescriptor() >= highest;
}

/** So many are never used up: memory ends before. The runtime raises its limit as far as the system allows. */
const plenty = 65_536;

/** For the write-ahead log, a copy of the database, a model that is asked, and the pipes of a tool. */
const fewestSpare = 16;

/** Only Linux tells it in a file; elsewhere there is no such guard. */
function readLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch (error) {
    if (isSystemError(error)) return Infinity;
    throw error;
  }
}

function nextDescriptor(): number {
  try {
    const descriptor = openSync("/", "r");
    closeSync(descriptor);
    return descriptor;
  } catch (error) {
    if (isSystemError(error)) return error.code === "EMFILE" || error.code === "ENFILE" ? Infinity : -1;
    throw error;
  }
}

import { pause } from "#base";

/** Between two steps of a sweep, so that whoever waits gets its turn. */
const restMs = 20;

/** Steps follow each other at a distance; none comes after the signal. */
export async function rest(signal: AbortSignal | undefined): Promise<void> {
  await pause(restMs, signal ?? new AbortController().signal).catch(() => undefined); // cut short by the end
}

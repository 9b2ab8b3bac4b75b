import { deadline, describeError, type Log } from "#base";
import type { Quoted } from "#channels";
import type { Said } from "./said.ts";

/** Platforms want to hear within a few seconds that we have a message, and this is only something beside it. */
const rootMs = 1_000;

/** The message that its thread began with; undefined when it is not to be had in time, which keeps nothing else. */
export async function askThreadRoot(
  said: Said,
  { closing, log }: { readonly closing: AbortSignal; readonly log: Log },
): Promise<Quoted | undefined> {
  if (!said.threadRoot || closing.aborted) return undefined;
  using patience = deadline(closing, rootMs);
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  patience.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  try {
    return await Promise.race([said.threadRoot(patience.signal), late]);
  } catch (error) {
    log.debug("the message that a thread began with could not be read", { error: describeError(error) });
    return undefined;
  }
}

import { backoffMs } from "#base";
import type { Failure } from "./failure.ts";
import { longestAskedMs } from "./retry-after.ts";

const mostTries = 5;
const windowMs = 90_000;
const backoff = { firstMs: 500, mostMs: 8_000 } as const;
/** Everybody who was told the same time comes back at it: a little later, each at another moment, is kinder. */
const spread = { firstMs: 500, mostMs: 500 } as const;

/**
 * How long to wait before try number `tries + 1`, or undefined when that was all: five tries that begin within 90 s, and no
 * server is waited for that asks for more than a minute.
 */
export function waitBeforeRetry(
  failure: Failure,
  made: { readonly tries: number; readonly elapsedMs: number },
  random = Math.random,
): number | undefined {
  if (!failure.isTransient || made.tries >= mostTries) return undefined;
  const asked = failure.retryAfterMs;
  if (asked !== undefined && asked > longestAskedMs) return undefined;
  const waitMs =
    asked === undefined ? backoffMs(backoff, made.tries, random) : asked + backoffMs(spread, made.tries, random);
  return made.elapsedMs + waitMs <= windowMs ? waitMs : undefined;
}

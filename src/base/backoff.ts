export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * How long to wait before try number `attempt` (1 is the first retry): full jitter, a random time between nothing and an
 * exponentially growing bound, which spreads clients out best. Source: the AWS Architecture Blog's "Exponential backoff
 * and jitter".
 */
export function backoffMs({ firstMs, mostMs }: Backoff, attempt: number, random = Math.random): number {
  return Math.round(random() * Math.min(mostMs, firstMs * 2 ** (attempt - 1)));
}

/** Who asks for more is not waited for: somebody is waiting here too. */
export const longestAskedMs = 60_000;

/** What the server asks for: `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), or `retry-after-ms`. */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const inMs = headers.get("retry-after-ms");
  if (inMs !== null && isCount(inMs)) return Number(inMs);
  const given = headers.get("retry-after");
  if (given === null) return undefined;
  if (isCount(given)) return Number(given) * 1_000;
  const at = Date.parse(given);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function isCount(text: string): boolean {
  return /^\s*\d+(\.\d+)?\s*$/.test(text);
}

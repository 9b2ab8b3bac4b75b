/** The HMAC-SHA256 of a text or of bytes as they came. */
export function hmacSha256(key: string | Uint8Array, parts: readonly (string | Uint8Array)[]): Buffer {
  const hasher = new Bun.CryptoHasher("sha256", key);
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** Compares in a time that does not tell where they differ. */
export function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

/** So far may a sender's clock be from ours: what is older may be a recording, played again. */
const mostSkewSeconds = 300;

/** True for seconds since 1970, written in digits alone, that are about now. */
export function isAboutNow(seconds: string, nowMs: number): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(nowMs / 1000 - Number(seconds)) <= mostSkewSeconds;
}

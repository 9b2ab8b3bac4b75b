/** A new id: a UUID version 7 (RFC 9562), so that ids made later sort later. */
export function newId(): string {
  return Bun.randomUUIDv7();
}

/** 256 random bits as 64 hexadecimal characters: for tokens that open doors. */
export function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

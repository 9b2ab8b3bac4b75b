/** Without the signs that people take for one another: O, 0, I and 1. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const signs = 8;

/** 40 random bits; the alphabet has 32 signs, so that none is likelier than another. */
export function newPairingCode(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(signs)), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** As somebody typed it. */
export function readPairingCode(text: string): string {
  return text.trim().replaceAll(/[\s-]/g, "").toUpperCase();
}

/** Douglas Crockford's base 32: without the letters that are taken for others or for digits. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const letters = 28;

/** Of what somebody types. */
export const longestTyped = 100;

/** 140 random bits for a person to type: seven groups of four. */
export function newSetupCode(): string {
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(letters)), (byte) => alphabet[byte % alphabet.length]);
  return drawn.join("").replaceAll(/.{4}(?=.)/g, "$&-");
}

/** What was meant by what was typed: case, spaces and dashes do not count, and O, I, L are the digits they look like. */
export function asMeant(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

const shown = "[secret]";

/**
 * A value that must never be seen. It prints as `[secret]` wherever JavaScript turns things into text (templates, JSON,
 * `console`, `inspect`), so redaction does not depend on a list of words. `reveal` is the one way to the value, and easy
 * to search for.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Compares in constant time, whatever the lengths: both sides are hashed first. */
  matches(candidate: string): boolean {
    return crypto.timingSafeEqual(digest(this.#value), digest(candidate));
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return shown;
  }
}

function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

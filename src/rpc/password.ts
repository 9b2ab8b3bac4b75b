import type { Secret } from "#base";
import { Turns } from "./turns.ts";

/** Tells whether a text is the password. */
export interface Password {
  matches(candidate: string): Promise<boolean>;
}

/** One that this process was started with: it is in memory as it is. */
export function plainPassword(password: Secret): Password {
  return { matches: async (candidate) => password.matches(candidate) };
}

const mostWaiting = 32;

/**
 * One that is kept as its hash. A verification is meant to be slow and takes much memory, so there is one at a time; the
 * right password is remembered as a digest that nobody outside this process can make, and known at once when it comes again.
 */
export class HashedPassword implements Password {
  readonly #hash: Secret;
  readonly #key = crypto.getRandomValues(new Uint8Array(32));
  readonly #turns = new Turns(mostWaiting);
  #known: Uint8Array | undefined;

  constructor(hash: Secret) {
    this.#hash = hash;
  }

  async matches(candidate: string): Promise<boolean> {
    if (this.#isKnown(candidate)) return true;
    return this.#turns.take("", async () => {
      if (this.#isKnown(candidate)) return true;
      if (!(await Bun.password.verify(candidate, this.#hash.reveal()))) return false;
      this.#known = this.#digest(candidate);
      return true;
    });
  }

  #isKnown(candidate: string): boolean {
    return this.#known !== undefined && crypto.timingSafeEqual(this.#known, this.#digest(candidate));
  }

  #digest(text: string): Uint8Array {
    return new Bun.CryptoHasher("sha256", this.#key).update(text).digest();
  }
}

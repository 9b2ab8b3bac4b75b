import { fault } from "#protocol";
import { BrokenChain } from "#storage";

/** A live session whose log is damaged, and the first place where that showed. */
export interface Damage {
  readonly key: string;
  readonly sessionId: string;
  readonly seq: number;
}

const mostKept = 1_000;

/** Sessions whose logs cannot be believed. What is asked of one is refused, so that nothing is built on it; the others go on. */
export class Quarantine {
  readonly #damaged = new Map<string, Damage>();

  list(): readonly Damage[] {
    return [...this.#damaged.values()];
  }

  has(key: string): boolean {
    return this.#damaged.has(key);
  }

  /** Throws `sessionDamaged`. */
  check(key: string): void {
    const damage = this.#damaged.size > 0 && this.#damaged.get(key);
    if (damage) throw fault.sessionDamaged({ key, seq: damage.seq });
  }

  /** What to throw instead of this error. `isLive` asks whether the session is the one that its key names now. */
  async translate(key: string, error: unknown, isLive: (sessionId: string) => Promise<boolean>): Promise<unknown> {
    if (!(error instanceof BrokenChain)) return error;
    const { sessionId, seq } = error;
    if (await isLive(sessionId)) {
      const [oldest] = this.#damaged.keys();
      if (this.#damaged.size >= mostKept && oldest !== undefined) this.#damaged.delete(oldest);
      this.#damaged.set(key, { key, sessionId, seq });
    }
    return fault.sessionDamaged({ key, seq }, error);
  }

  lift(key: string): void {
    this.#damaged.delete(key);
  }
}

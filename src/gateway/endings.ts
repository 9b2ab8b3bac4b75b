/**
 * Sessions that are being reset or deleted. What arrives for one meanwhile waits, so that it finds the session that comes
 * after, and no turn of the old one is left that could write into the new one.
 */
export class Endings {
  readonly #underWay = new Map<string, Promise<void>>();

  /** Ask again after each wait: somebody else may have begun the next one. */
  isUnderWay(sessionKey: string): boolean {
    return this.#underWay.has(sessionKey);
  }

  async over(sessionKey: string): Promise<void> {
    await this.#underWay.get(sessionKey);
  }

  /** One ending of a session at a time; where there is none, what is called next finds this one. */
  async during<T>(sessionKey: string, work: () => Promise<T>): Promise<T> {
    while (this.isUnderWay(sessionKey)) await this.over(sessionKey);
    const done = Promise.withResolvers<void>();
    this.#underWay.set(sessionKey, done.promise);
    try {
      return await work();
    } finally {
      this.#underWay.delete(sessionKey);
      done.resolve();
    }
  }
}

import { fault } from "#protocol";

interface Line {
  length: number;
  end: Promise<void>;
}

/** What has the same key is done one after another, in order of arrival; other keys do not wait for it. */
export class Turns {
  readonly #most: number;
  readonly #lines = new Map<string, Line>();

  /** `most`: of one key, the one that runs included. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Throws `tooManyRequests` when too many stand in line. */
  async take<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(key) ?? { length: 0, end: Promise.resolve() };
    if (line.length >= this.#most) {
      throw fault.tooManyRequests({ problem: "Too many credentials wait to be checked", retryAfterMs: 1_000 });
    }
    this.#lines.set(key, line);
    line.length++;
    const before = line.end;
    const { promise, resolve } = Promise.withResolvers<void>();
    line.end = promise;
    await before;
    try {
      return await act();
    } finally {
      line.length--;
      if (line.length === 0) this.#lines.delete(key);
      resolve();
    }
  }
}

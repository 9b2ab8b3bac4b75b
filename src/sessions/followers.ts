import type { Log } from "#base";
import type { SessionNotice } from "./sessions.ts";

/** Those who follow the sessions. One that throws stops neither the others nor what is told. */
export class Followers {
  readonly #log: Log;
  readonly #listeners = new Set<{ readonly tell: (notice: SessionNotice) => void }>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(listener: (notice: SessionNotice) => void): () => void {
    const follower = { tell: listener };
    this.#listeners.add(follower);
    return () => void this.#listeners.delete(follower);
  }

  tell(notice: SessionNotice): void {
    for (const follower of this.#listeners) {
      try {
        follower.tell(notice);
      } catch (error) {
        this.#log.error("a listener of the sessions threw", { notice: notice.type, key: notice.key, error });
      }
    }
  }
}

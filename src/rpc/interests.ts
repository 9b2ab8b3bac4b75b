import { fault } from "#protocol";

const mostFollowed = 256;
const mostRuns = 64;

/** What one connection wants to hear beyond what everyone is told. */
export class Interests {
  /** What the client said that it can handle. */
  readonly caps: ReadonlySet<string>;
  followsSessions = false;
  readonly #followed = new Set<string>();
  readonly #runs = new Set<string>();

  constructor(caps: ReadonlySet<string> = new Set()) {
    this.caps = caps;
  }

  /** Throws `tooManyRequests` when there is no room for another session. */
  follow(sessionKey: string): void {
    if (this.#followed.size >= mostFollowed && !this.#followed.has(sessionKey)) {
      throw fault.tooManyRequests({ problem: `A connection follows at most ${mostFollowed} sessions one by one` });
    }
    this.#followed.add(sessionKey);
  }

  leave(sessionKey: string): void {
    this.#followed.delete(sessionKey);
  }

  follows(sessionKey: string): boolean {
    return this.#followed.has(sessionKey);
  }

  /** Remembers that the run was started from here; of many, the last. */
  started(runId: string): void {
    this.#runs.add(runId);
    const [oldest] = this.#runs;
    if (this.#runs.size > mostRuns && oldest !== undefined) this.#runs.delete(oldest);
  }

  hasStarted(runId: string): boolean {
    return this.#runs.has(runId);
  }
}

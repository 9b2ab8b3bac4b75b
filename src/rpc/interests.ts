import { fault } from "#protocol";

const mostFollowed = 256;
const mostRuns = 64;

const none: ReadonlySet<string> = new Set();

/** What one connection wants to hear beyond what everyone is told. Most want little, so what is rarely kept is made when it is. */
export class Interests {
  /** What the client said that it can handle. */
  readonly caps: ReadonlySet<string>;
  followsSessions = false;
  #followed: Set<string> | undefined;
  #runs: Set<string> | undefined;

  constructor(caps: readonly string[] = []) {
    this.caps = caps.length === 0 ? none : new Set(caps);
  }

  /** Throws `tooManyRequests` when there is no room for another session. */
  follow(sessionKey: string): void {
    this.#followed ??= new Set();
    if (this.#followed.size >= mostFollowed && !this.#followed.has(sessionKey)) {
      throw fault.tooManyRequests({ problem: `A connection follows at most ${mostFollowed} sessions one by one` });
    }
    this.#followed.add(sessionKey);
  }

  leave(sessionKey: string): void {
    this.#followed?.delete(sessionKey);
  }

  follows(sessionKey: string): boolean {
    return this.#followed?.has(sessionKey) ?? false;
  }

  /** Remembers that the run was started from here; of many, the last. */
  started(runId: string): void {
    this.#runs ??= new Set();
    this.#runs.add(runId);
    const [oldest] = this.#runs;
    if (this.#runs.size > mostRuns && oldest !== undefined) this.#runs.delete(oldest);
  }

  hasStarted(runId: string): boolean {
    return this.#runs?.has(runId) ?? false;
  }
}

import { backoffMs, type Clock, newId, pause } from "#base";
import { Fault, fault } from "#protocol";
import type { Server } from "./server.ts";
import { sqlState, troubleOf } from "./trouble.ts";
import { notDurable, notOurTurn } from "./write-function.ts";

const askAgain = { firstMs: 100, mostMs: 2_000 };
const mostAskingMs = 30_000;

/** A write whose answer was lost: made between two marks, or never any more once the third stands there. */
interface Unsure {
  readonly before: string;
  readonly after: string;
  readonly never: string;
}

type Known =
  | { readonly isWritten: true; readonly outcome: number }
  | { readonly isWritten: false }
  /** Another gateway took over before it could be asked. */
  | { readonly isWritten: undefined };

/** Writes one after another, each from the mark of the last one to the next, so that what became of each can be found out. */
export class MarkedWrites {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #stopped = new AbortController();
  #mark: string;
  #unsure: Unsure | undefined;

  constructor(parts: {
    readonly server: Server;
    readonly clock: Clock;
    readonly holder: string;
    readonly mark: string;
  }) {
    this.#server = parts.server;
    this.#clock = parts.clock;
    this.#holder = parts.holder;
    this.#mark = parts.mark;
  }

  /**
   * Resolves when it is on the server's disk, with what it came to. `storageUnavailable`: it is not, and will not be.
   * `outcomeUnknown`: the answer was lost and the server could not be asked for it. Anything else is a mistake of ours,
   * and nothing was written.
   */
  async write(doc: Readonly<Record<string, unknown>>, onTrouble: (problem: string) => void): Promise<number> {
    await this.#settleLast(onTrouble);
    const unsure = { before: this.#mark, after: newId(), never: newId() };
    try {
      const sql = "SELECT openclaw.write($1, $2, $3, $4::text::json) AS outcome";
      const params = [this.#holder, unsure.before, unsure.after, JSON.stringify(doc)];
      const [row] = await this.#server.query<{ readonly outcome: string }>(sql, params);
      this.#mark = unsure.after;
      return Number(row?.outcome ?? 0);
    } catch (error) {
      const problem = refusalOf(error);
      if (problem !== undefined) throw fault.storageUnavailable({ problem }, error);
      const trouble = troubleOf(error);
      if (!trouble) throw error;
      if (trouble.type === "refused") throw fault.storageUnavailable({ problem: trouble.problem }, error);
      onTrouble(trouble.problem);
      this.#unsure = unsure;
      return this.#answerFor(unsure, { problem: trouble.problem, cause: error });
    }
  }

  /** Ends the asking: what is not known by then stays unknown. */
  stop(): void {
    this.#stopped.abort();
  }

  async #answerFor(unsure: Unsure, why: { readonly problem: string; readonly cause: unknown }): Promise<number> {
    const known = await this.#ask(unsure, mostAskingMs);
    if (known?.isWritten === true) return known.outcome;
    if (known?.isWritten === false) throw fault.storageUnavailable({ problem: why.problem }, why.cause);
    throw fault.outcomeUnknown({ problem: why.problem }, why.cause);
  }

  /** Before anything else is written, it must be known where the writes stand. */
  async #settleLast(onTrouble: (problem: string) => void): Promise<void> {
    if (!this.#unsure) return;
    const known = await this.#ask(this.#unsure, 0);
    if (known) return;
    const problem = "the server cannot be asked what became of the last write";
    onTrouble(problem);
    throw fault.storageUnavailable({ problem });
  }

  /** Undefined when the server did not answer in that time. */
  async #ask(unsure: Unsure, mostMs: number): Promise<Known | undefined> {
    const until = this.#clock.elapsed() + mostMs;
    for (let attempt = 1; !this.#stopped.signal.aborted; attempt++) {
      try {
        const known = await this.#askOnce(unsure);
        this.#unsure = undefined;
        return known;
      } catch (error) {
        if (error instanceof Fault || troubleOf(error) === undefined) throw error;
        if (this.#clock.elapsed() >= until) return undefined;
        await this.#pause(backoffMs(askAgain, attempt));
      }
    }
    return undefined;
  }

  /**
   * The row is locked by a write that is still at work, so this waits for its end; and when the mark was still the one
   * before, it is not afterwards, so that a write which comes late finds it gone.
   */
  async #askOnce({ before, after, never }: Unsure): Promise<Known> {
    const shut = "UPDATE openclaw.gateway SET mark = $1 WHERE holder = $2 AND mark = $3 RETURNING mark";
    const isShut = (await this.#server.query(shut, [never, this.#holder, before])).length > 0;
    const stands = "SELECT holder, mark, outcome FROM openclaw.gateway";
    const [row] = await this.#server.query<{
      readonly holder: string;
      readonly mark: string;
      readonly outcome: string;
    }>(stands);
    if (isShut || row?.mark === never) {
      this.#mark = never;
      return { isWritten: false };
    }
    if (row?.mark === after) {
      this.#mark = after;
      return { isWritten: true, outcome: Number(row.outcome) };
    }
    if (row?.mark === before && row.holder !== this.#holder) return { isWritten: false };
    return { isWritten: undefined };
  }

  async #pause(ms: number): Promise<void> {
    try {
      await pause(ms, this.#stopped.signal);
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
    }
  }
}

/** What the write function itself says no to. */
function refusalOf(error: unknown): string | undefined {
  const state = sqlState(error);
  if (state === notOurTurn) return "another gateway has taken the database over";
  if (state === notDurable) return "the server's synchronous_commit is off";
  return undefined;
}

import type { Log } from "#base";
import { Fault, fault } from "#protocol";
import type { Tables } from "../tables/tables.ts";
import type { Claim } from "./claim.ts";
import type { MarkedWrites } from "./marked-writes.ts";
import type { Server } from "./server.ts";
import { troubleOf } from "./trouble.ts";
import { changesOf, loadTables, type Needs } from "./workspace.ts";

const mostPerCommit = 256;
const mostWaiting = 10_000;

/** A write that is decided here, from the rows it needs. What it throws undoes what it did, and nothing else. */
interface Decided {
  readonly type: "decided";
  readonly needs: Needs;
  readonly attempt: (tables: Tables) => () => void;
  readonly reject: (error: unknown) => void;
}

/** A write that the database does by itself; nothing is written together with it. */
interface Ordered {
  readonly type: "ordered";
  readonly doc: Readonly<Record<string, unknown>>;
  readonly resolve: (outcome: number) => void;
  readonly reject: (error: unknown) => void;
}

type Job = Decided | Ordered;

/**
 * Takes writes in the order of the calls. While one transaction is on its way, what arrives meanwhile meets in the next:
 * the busier, the larger the groups. Each is one look at the rows and one call that changes them.
 */
export class GroupWrite {
  readonly #server: Server;
  readonly #claim: Claim;
  readonly #writes: MarkedWrites;
  readonly #log: Log;
  #waiting: Job[] = [];
  #working: Promise<void> | undefined;
  #isClosed = false;
  #problem: string | undefined;

  constructor(parts: {
    readonly server: Server;
    readonly claim: Claim;
    readonly writes: MarkedWrites;
    readonly log: Log;
  }) {
    this.#server = parts.server;
    this.#claim = parts.claim;
    this.#writes = parts.writes;
    this.#log = parts.log;
  }

  /** Why the last write was not taken, when it was not. */
  get problem(): string | undefined {
    return this.#claim.problem ?? this.#problem;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  decide<T>(needs: Needs, write: (tables: Tables) => T): Promise<T> {
    return this.#enqueue((resolve: (value: T) => void, reject) => ({
      type: "decided",
      needs,
      attempt: (tables) => {
        const value = write(tables);
        return () => resolve(value);
      },
      reject,
    }));
  }

  order(doc: Readonly<Record<string, unknown>>): Promise<number> {
    return this.#enqueue((resolve, reject) => ({ type: "ordered", doc, resolve, reject }));
  }

  /** Whoever waits is told at once; what is on its way finds out for itself. */
  refuseWaiting(): void {
    const refused = this.#waiting;
    this.#waiting = [];
    const problem = this.problem ?? "the connection to the server was lost";
    for (const job of refused) job.reject(fault.storageUnavailable({ problem }));
  }

  /** Writes what waits; then takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  #enqueue<T>(make: (resolve: (value: T) => void, reject: (error: unknown) => void) => Job): Promise<T> {
    const problem = this.#isClosed ? "it is closed" : this.#claim.problem;
    if (problem !== undefined) return Promise.reject(fault.storageUnavailable({ problem }));
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(fault.storageUnavailable({ problem: `${mostWaiting} writes are waiting` }));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(make(resolve, reject));
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve)); // the rest of this turn joins the group
    while (this.#waiting.length > 0) await this.#writeGroup(this.#nextGroup());
    this.#working = undefined;
  }

  #nextGroup(): readonly Job[] {
    const end = this.#waiting.findIndex((job) => job.type === "ordered");
    const count = end === -1 ? this.#waiting.length : Math.max(1, end);
    return this.#waiting.splice(0, Math.min(count, mostPerCommit));
  }

  async #writeGroup(jobs: readonly Job[]): Promise<void> {
    try {
      const [first] = jobs;
      const settles =
        first?.type === "ordered"
          ? await this.#writeOrdered(first)
          : await this.#writeDecided(jobs.filter((job) => job.type === "decided"));
      for (const settle of settles) settle();
    } catch (error) {
      if (jobs.length > 1 && !(error instanceof Fault) && troubleOf(error) === undefined) return this.#oneByOne(jobs);
      const failure = this.#refused(error);
      for (const job of jobs) job.reject(failure);
    }
  }

  /** The database found a mistake in one of them and did none: whose it is shows when each is written alone. */
  async #oneByOne(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) await this.#writeGroup([job]);
  }

  async #writeOrdered({ doc, resolve }: Ordered): Promise<(() => void)[]> {
    const outcome = await this.#write(doc);
    return [() => resolve(outcome)];
  }

  async #writeDecided(jobs: readonly Decided[]): Promise<(() => void)[]> {
    const needs = jobs.map((job) => job.needs);
    const workspace = await this.#server.reading(() => loadTables(this.#server, needs));
    const settles = jobs.map((job) => decided(job, workspace.tables));
    const doc = changesOf(workspace);
    if (doc) await this.#write(doc);
    return settles;
  }

  async #write(doc: Readonly<Record<string, unknown>>): Promise<number> {
    const problem = this.#claim.problem;
    if (problem !== undefined) throw fault.storageUnavailable({ problem });
    const outcome = await this.#writes.write(doc, (trouble) => this.#note(trouble));
    if (this.#problem !== undefined) this.#log.info("the storage takes writes again");
    this.#problem = undefined;
    return outcome;
  }

  #refused(error: unknown): unknown {
    const problem = problemOf(error);
    if (problem === undefined) return error;
    this.#note(problem);
    return error instanceof Fault ? error : fault.storageUnavailable({ problem }, error);
  }

  #note(problem: string): void {
    if (this.#problem === undefined) this.#log.error("the storage does not take writes", { problem });
    this.#problem = problem;
  }
}

function decided(job: Decided, tables: Tables): () => void {
  try {
    return tables.journal.attempt(() => job.attempt(tables));
  } catch (error) {
    return () => job.reject(error);
  }
}

function problemOf(error: unknown): string | undefined {
  if (error instanceof Fault) return String(error.data["problem"] ?? error.code);
  return troubleOf(error)?.problem;
}

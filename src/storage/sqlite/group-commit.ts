import { failPoint, type Log } from "#base";
import { fault } from "#protocol";
import type { Connection, Lazy } from "./connection.ts";
import { troubleOf } from "./trouble.ts";

const mostPerCommit = 256;
const mostWaiting = 10_000;
/** So long the first write of a group waits for others, while they keep coming or may come of what goes on. */
const mostGatheringMs = 5;
/** A turn of the event loop that takes longer does work for somebody. */
const idleTurnMs = 0.25;

interface Job {
  /** Runs inside a transaction, perhaps a second time after the first was undone. What it throws undoes what it did, and nothing else. */
  readonly attempt: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that come close together become one transaction, because a commit costs a sync of the disk however much is in it.
 * A group is written after the first turn of the event loop that brings no more to it and does nothing else either, so a
 * lone write waits for no timer, and where there is much to do, the groups are large.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #begin: Lazy<unknown, []>;
  readonly #commit: Lazy<unknown, []>;
  readonly #rollback: Lazy<unknown, []>;
  readonly #savepoint: Lazy<unknown, []>;
  readonly #release: Lazy<unknown, []>;
  readonly #undo: Lazy<unknown, []>;
  readonly #total: Lazy<{ readonly changes: number }, []>;
  #waiting: Job[] = [];
  #isScheduled = false;
  #isClosed = false;
  #problem: string | undefined;

  constructor(connection: Connection, log: Log) {
    this.#connection = connection;
    this.#log = log;
    this.#begin = connection.statement("BEGIN IMMEDIATE");
    this.#commit = connection.statement("COMMIT");
    this.#rollback = connection.statement("ROLLBACK");
    this.#savepoint = connection.statement("SAVEPOINT one");
    this.#release = connection.statement("RELEASE one");
    this.#undo = connection.statement("ROLLBACK TO one");
    this.#total = connection.statement("SELECT total_changes() AS changes");
  }

  /** What the disk said to the last write, when it did not take it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves with what `write` returned as soon as that is on disk. Writes keep the order of the calls. */
  enqueue<T>(write: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(fault.storageUnavailable({ problem: "it is closed" }));
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(fault.storageUnavailable({ problem: `${mostWaiting} writes are waiting` }));
    return new Promise<T>((resolve, reject) => {
      const attempt = () => {
        const value = write();
        return () => resolve(value);
      };
      this.#waiting.push({ attempt, reject });
      this.#schedule();
    });
  }

  /** Writes what waits; then takes no more. */
  close(): void {
    this.#isClosed = true;
    while (this.#waiting.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const now = performance.now();
    this.#gather({ since: now, turnSince: now, before: 0 });
  }

  #gather({ since, turnSince, before }: { since: number; turnSince: number; before: number }): void {
    setImmediate(() => {
      const now = performance.now();
      const count = this.#waiting.length;
      const mayGrow = count > before || now - turnSince > idleTurnMs;
      if (mayGrow && count < mostPerCommit && now - since < mostGatheringMs) {
        return this.#gather({ since, turnSince: now, before: count });
      }
      this.#isScheduled = false;
      this.#flush();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const jobs = this.#waiting.slice(0, mostPerCommit);
    this.#waiting = this.#waiting.slice(mostPerCommit);
    if (jobs.length === 0) return;
    const full = this.#connection.logProblem();
    if (full !== undefined) return this.#refuse(jobs, full);
    try {
      for (const settle of this.#writeTogether(jobs)) settle();
      failPoint("storage.commit.told");
    } catch (error) {
      const unavailable = this.#refused(error);
      for (const job of jobs) job.reject(unavailable);
    }
  }

  #refuse(jobs: readonly Job[], problem: string): void {
    if (this.#problem === undefined) this.#log.error("the storage does not take writes", { problem });
    this.#problem = problem;
    for (const job of jobs) job.reject(fault.storageUnavailable({ problem }));
  }

  /** Throws when the transaction as a whole failed. */
  #writeTogether(jobs: readonly Job[]): (() => void)[] {
    try {
      failPoint("storage.commit.begin");
      this.#begin().run();
      const before = this.#problem === undefined ? undefined : this.#changes();
      const settles = this.#writeAll(jobs);
      failPoint("storage.commit.allWritten");
      this.#commit().run();
      failPoint("storage.commit.done");
      if (before !== undefined && this.#changes() > before) this.#recovered();
      return settles;
    } catch (error) {
      if (this.#connection.db.inTransaction) this.#rollback().run();
      throw error;
    }
  }

  /** A mistake in one write must not take the others down. There are few, so only then is each made to be undone alone. */
  #writeAll(jobs: readonly Job[]): (() => void)[] {
    try {
      return jobs.map((job) => {
        const settle = job.attempt();
        failPoint("storage.commit.oneWritten");
        return settle;
      });
    } catch (error) {
      if (troubleOf(error) !== undefined) throw error;
      this.#rollback().run();
      this.#begin().run();
      return jobs.map((job) => this.#writeOne(job));
    }
  }

  /** What throws goes back to where it began. */
  #writeOne(job: Job): () => void {
    this.#savepoint().run();
    try {
      const settle = job.attempt();
      this.#release().run();
      return settle;
    } catch (error) {
      if (troubleOf(error) !== undefined) throw error;
      this.#undo().run();
      this.#release().run();
      return () => job.reject(error);
    }
  }

  #changes(): number {
    return this.#total().get()?.changes ?? 0;
  }

  #refused(error: unknown): unknown {
    const problem = troubleOf(error);
    if (problem === undefined) return error;
    if (this.#problem === undefined) this.#log.error("the storage does not take writes", { problem, error });
    this.#problem = problem;
    return fault.storageUnavailable({ problem }, error);
  }

  #recovered(): void {
    this.#problem = undefined;
    this.#log.info("the storage takes writes again");
  }
}

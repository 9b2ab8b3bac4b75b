import { backoffMs, type Log, newId, pause } from "#base";
import { fault } from "#protocol";
import type { Server } from "./server.ts";
import { troubleOf } from "./trouble.ts";

/** Any two numbers that nobody else takes in the same database. */
const lockKey = "1869636979, 1668313463";
const lookEveryMs = 5_000;
const regain = { firstMs: 200, mostMs: 5_000 };
const patience = { tries: 15, eachMs: 200 };

type Mode = "held" | "lost" | "taken" | "closed";

const next: Readonly<Record<Mode, readonly Mode[]>> = {
  held: ["lost", "closed"],
  lost: ["held", "taken", "closed"],
  taken: ["closed"],
  closed: [],
};

/**
 * The right of one gateway to write to a database. It is an advisory lock of a connection kept for nothing else, so it
 * ends with the process however that ends; and a name in the gateway's row, by which every write proves that nobody took
 * over in between. With the connection the right is lost until it is proved again.
 */
export class Claim {
  readonly holder = newId();
  readonly #server: Server;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  #mode: Mode = "held";
  #timer: ReturnType<typeof setInterval> | undefined;
  #onLost: (() => void) | undefined;

  /** Call `acquire` before anything else. The server is this claim's own, with one connection. */
  constructor(server: Server, log: Log) {
    this.#server = server;
    this.#log = log;
  }

  get isHeld(): boolean {
    return this.#mode === "held";
  }

  get problem(): string | undefined {
    switch (this.#mode) {
      case "held":
        return undefined;
      case "lost":
        return "the connection to the server was lost";
      case "taken":
        return "another gateway has taken the database over";
      case "closed":
        return "it is closed";
    }
  }

  /** True when the lock is ours; a gateway that has just died may need a moment to let go. */
  async acquire(): Promise<boolean> {
    for (let i = 1; !(await this.#tryLock()); i++) {
      if (i >= patience.tries) return false;
      await Bun.sleep(patience.eachMs);
    }
    return true;
  }

  /** Who has it, when it is not ours. */
  async otherProcess(): Promise<string> {
    try {
      const [row] = await this.#server.query<{ readonly process: string }>("SELECT process FROM openclaw.gateway");
      return row?.process ?? "unknown";
    } catch (error) {
      this.#log.debug("the holder of the database is not known", { error });
      return "unknown"; // it may be about to make the table
    }
  }

  /** From now on writes of other holders fail; returns where the writes stand. */
  async announce(process: string): Promise<string> {
    const sql = "UPDATE openclaw.gateway SET holder = $1, process = $2 RETURNING mark";
    const [row] = await this.#server.query<{ readonly mark: string }>(sql, [this.holder, process]);
    if (!row) throw fault.storageUnusable({ path: "PostgreSQL", problem: "its gateway table is empty" });
    return row.mark;
  }

  /** Watches the lock; `onLost` is told at once. */
  watch(onLost: () => void): void {
    this.#onLost = onLost;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  /** The lock's connection is gone. */
  lose(): void {
    if (this.#mode !== "held") return;
    this.#enter("lost");
    this.#onLost?.();
    this.#log.error("the storage was lost", { problem: this.problem ?? "" });
    void this.#regain();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#mode !== "closed") this.#enter("closed");
    this.#stopped.abort();
    await this.#server.close();
  }

  /** The only place the mode changes. */
  #enter(mode: Mode): void {
    if (!next[this.#mode].includes(mode)) throw new Error(`the claim cannot go from ${this.#mode} to ${mode}`);
    this.#mode = mode;
  }

  async #tryLock(): Promise<boolean> {
    const sql = `SELECT pg_try_advisory_lock(${lockKey}) AS got`;
    const [row] = await this.#server.query<{ readonly got: boolean }>(sql);
    return row?.got === true;
  }

  /** A connection can be replaced by another without a word; then the lock is gone all the same. */
  async #look(): Promise<void> {
    if (this.#mode !== "held") return;
    try {
      const sql = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted";
      if ((await this.#server.query(sql)).length === 0) this.lose();
    } catch (error) {
      if (this.#mode === "held") this.#log.warn("the storage does not answer", { error });
      this.lose();
    }
  }

  async #regain(): Promise<void> {
    for (let attempt = 1; this.#mode === "lost"; attempt++) {
      try {
        await pause(backoffMs(regain, attempt), this.#stopped.signal);
        if (this.#mode === "lost" && (await this.#tryLock())) await this.#prove();
      } catch (error) {
        if (troubleOf(error) === undefined && !this.#stopped.signal.aborted)
          this.#log.error("the storage could not be claimed again", { error });
      }
    }
  }

  async #prove(): Promise<void> {
    const [row] = await this.#server.query<{ readonly holder: string }>("SELECT holder FROM openclaw.gateway");
    if (this.#mode !== "lost") return;
    this.#enter(row?.holder === this.holder ? "held" : "taken");
    if (this.isHeld) this.#log.info("the storage is there again");
    else this.#log.error("the storage is not ours any more", { problem: this.problem ?? "" });
  }
}

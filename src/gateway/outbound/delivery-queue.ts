import { describeError, failPoint, nextTurn, pause } from "#base";
import type { OutboxRow } from "#storage";
import type { House } from "../house.ts";
import { inLog } from "../transmit.ts";
import type { Delivery } from "./delivery.ts";
import type { Pace } from "./pace.ts";

const mostAtOnce = 64;
/** So many rows are read at once; more of them only where all that were read wait for their platforms. */
const looks = [256, 1_024];
const longestSleepMs = 300_000;
/** When the outbox itself cannot be read. */
const lookAgainMs = 5_000;
/** While deliveries are under way, each of which wakes us by its end, this is how often the next time is asked for. */
const askAgainMs = 100;
/** Where many deliveries are under way, looks are so far apart: each costs more than what it finds may gain by it. */
const crowd = { deliveries: 8, apartMs: 2 };

/** Begins deliveries: each chat in order, chats beside each other, as many at once as there are places, at the platforms' pace. */
export class DeliveryQueue implements AsyncDisposable {
  readonly #house: Pick<House, "clock" | "instanceId" | "log" | "storage">;
  readonly #delivery: Delivery;
  readonly #pace: Pace;
  /** Deliveries under way, by the row's id. */
  readonly #sending = new Map<string, Promise<void>>();
  /** Rows that nothing can be done about, by their places. They hold up their chats, and nothing else. */
  readonly #stuck = new Set<number>();
  /** Read, due, each of another chat, and waiting for a place. */
  #ready: readonly OutboxRow[] = [];
  #looking: Promise<void> | undefined;
  #isAgain = false;
  #isReleased = false;
  /** By `clock.elapsed`: when the next time was asked for. */
  #askedAt = -Infinity;
  #isClosed = false;
  #timer: Timer | undefined;

  constructor(house: House, { delivery, pace }: { readonly delivery: Delivery; readonly pace: Pace }) {
    this.#house = house;
    this.#delivery = delivery;
    this.#pace = pace;
  }

  /** There may be something to deliver. Never throws, never waits. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#looking) {
      this.#isAgain = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) => {
        if (this.#isClosed) return;
        this.#house.log.error("the outbox could not be read", { error: describeError(error) });
        this.#wakeIn(lookAgainMs);
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#isAgain) this.wake();
      });
  }

  /** Begins nothing more, and waits for what is under way, at most `graceMs`: cut off, it would be in doubt. */
  async drain(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const late = new AbortController();
    const over = (this.#looking ?? Promise.resolve()).then(() => Promise.all(this.#sending.values()));
    await Promise.race([over, pause(graceMs, late.signal).catch(() => undefined)]);
    late.abort();
  }

  /** Waits for what is under way, which its own signal ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#sending.values());
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.wake(), Math.min(longestSleepMs, ms));
  }

  async #look(): Promise<void> {
    // What is written together wakes us once.
    await (this.#sending.size < crowd.deliveries ? nextTurn() : Bun.sleep(crowd.apartMs));
    this.#isAgain = false;
    if (this.#isClosed) return;
    this.#beginFrom(this.#ready);
    if (this.#ready.length > 0) return; // whoever leaves a place wakes us
    failPoint("outbox.look.begin");
    if (!this.#isReleased) await this.#releaseHeld();
    this.#isReleased = true;
    const { storage, clock } = this.#house;
    const known = new Set(this.#sending.keys()); // a row that is settled while it is read was under way before
    const now = clock.now();
    let waitMs: number | undefined;
    for (const limit of looks) {
      const due = await storage.dueOutbox({ now, limit });
      waitMs = this.#beginFrom(this.#fresh(due, known));
      if (due.length < limit || this.#ready.length > 0 || this.#sending.size > known.size) break;
    }
    if (this.#ready.length > 0) return;
    const sleeps = [waitMs, await this.#untilNext(now, known)].filter((ms) => ms !== undefined);
    if (sleeps.length > 0) this.#wakeIn(Math.min(...sleeps));
  }

  #fresh(rows: readonly OutboxRow[], known: ReadonlySet<string>): readonly OutboxRow[] {
    return rows.filter(({ id, n }) => !known.has(id) && !this.#sending.has(id) && !this.#stuck.has(n));
  }

  /** How long until the time of a row comes. Those that were written before the clock went back do not wait for it. */
  async #untilNext(now: number, known: ReadonlySet<string>): Promise<number | undefined> {
    const elapsed = this.#house.clock.elapsed();
    if (this.#sending.size > 0 && elapsed < this.#askedAt + askAgainMs) return askAgainMs;
    this.#askedAt = elapsed;
    const { storage } = this.#house;
    const nextAt = await storage.nextOutboxAt(now);
    if (nextAt === undefined) return undefined;
    const next = await storage.dueOutbox({ now: nextAt, limit: mostAtOnce });
    const early = next.filter((row) => row.createdAt > now);
    return Math.min(nextAt - now, this.#beginFrom(this.#fresh(early, known)) ?? Infinity);
  }

  /**
   * Begins as many as there are places for; the others stay ready. Those whose platform wants a pause are let go, to be
   * read again: how long the first of these has to wait.
   */
  #beginFrom(rows: readonly OutboxRow[]): number | undefined {
    const elapsed = this.#house.clock.elapsed();
    const ready: OutboxRow[] = [];
    let waitMs: number | undefined;
    for (const row of rows) {
      if (this.#sending.size >= mostAtOnce) {
        ready.push(row);
        continue;
      }
      const ms = this.#pace.waitMs(row.to, elapsed);
      if (ms > 0) waitMs = Math.min(ms, waitMs ?? ms);
      else {
        this.#pace.note(row.to, elapsed);
        this.#begin(row);
      }
    }
    this.#ready = ready;
    return waitMs;
  }

  #begin(row: OutboxRow): void {
    const delivery = this.#delivery
      .deliver(row)
      .then((done) => void (done === "stuck" && this.#stuck.add(row.n)))
      .catch((error: unknown) => {
        // Cut off by the end: the row is still there when the next start looks.
        if (!this.#isClosed) this.#house.log.error("a delivery broke", { ...inLog(row), error });
      })
      .finally(() => {
        this.#sending.delete(row.id);
        this.wake();
      });
    this.#sending.set(row.id, delivery);
  }

  /** What an earlier life of this gateway held. Most starts find an empty outbox, and write nothing. */
  async #releaseHeld(): Promise<void> {
    const { storage, instanceId } = this.#house;
    const [first] = await storage.outbox({ limit: 1, isDead: false });
    if (first) await storage.releaseOutbox(instanceId);
  }
}

import { describeError, type Log } from "#base";
import type { RecordWrite } from "#storage";
import type { Backlog, Kept } from "./backlog.ts";
import type { Entry } from "./entry.ts";
import { groupLimits } from "./group.ts";
import type { Tails } from "./tails.ts";

/** A session has so many in memory at once of what comes from disk: the next one's turn, and one behind it. */
const mostAhead = 2 * groupLimits.mostMessages;
const sessionsAtOnce = 8;
const orderAgainMs = 250;
const storageAgainMs = 1_000;

export interface WayBackOptions {
  readonly backlog: Backlog;
  readonly tails: Tails;
  readonly log: Log;
  readonly closing: AbortSignal;
  /** Its files are still being read. */
  readonly isUnread: (entry: Entry) => boolean;
  readonly freePlaces: () => number;
  /** How many messages of a session have places. */
  readonly placesOf: (sessionKey: string) => number;
  /** From now on it has a place, though it is not there yet; false takes that back. */
  readonly expect: (entries: readonly Entry[], isExpected: boolean) => void;
  readonly becomes: (entry: Entry) => RecordWrite;
  readonly arrive: (group: readonly Entry[]) => void;
}

/**
 * Brings messages from disk into memory, as places become free: session by session in the order in which they came to have
 * need, a group or two of each, so that a chat with thousands keeps nobody waiting longer than one with two.
 */
export class WayBack implements AsyncDisposable {
  readonly #options: WayBackOptions;
  /** Sessions that have messages on disk and few in memory, whose need is longest first. */
  readonly #needy = new Set<string>();
  readonly #timers = new Map<string, Timer>();
  #promised = 0;
  #work: Promise<void> | undefined;

  constructor(options: WayBackOptions) {
    this.#options = options;
  }

  /** Somebody waits for a free place already. */
  get isCrowded(): boolean {
    return this.#needy.size > 0;
  }

  /** Places that are kept for what is on its way. */
  get promised(): number {
    return this.#promised;
  }

  /** A session may have something on disk, and room for it in memory; or a place became free for whoever waits. */
  look(sessionKey?: string): void {
    const { backlog, placesOf } = this.#options;
    if (sessionKey !== undefined && backlog.holds(sessionKey) && placesOf(sessionKey) < groupLimits.mostMessages) {
      this.#needy.add(sessionKey);
    }
    if (!this.#mayWork()) return;
    this.#work ??= this.#bringAll().finally(() => {
      this.#work = undefined;
      this.look(); // for what came while it ended
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#needy.clear();
    await this.#work;
  }

  #mayWork(): boolean {
    const { closing, freePlaces } = this.#options;
    return !closing.aborted && this.#needy.size > 0 && freePlaces() >= mostAhead;
  }

  async #bringAll(): Promise<void> {
    while (this.#mayWork()) {
      const most = Math.min(sessionsAtOnce, Math.floor(this.#options.freePlaces() / mostAhead));
      const sessions = [...this.#needy.keys().take(most)];
      for (const sessionKey of sessions) this.#needy.delete(sessionKey);
      await Promise.all(sessions.map((sessionKey) => this.#bring(sessionKey)));
    }
  }

  async #bring(sessionKey: string): Promise<void> {
    const most = Math.max(0, mostAhead - this.#options.placesOf(sessionKey));
    this.#promised += most;
    try {
      const again = await this.#handOver(sessionKey, most);
      if (again === 0) this.look(sessionKey);
      else if (again !== undefined) this.#lookIn(sessionKey, again);
    } catch (error) {
      if (this.#options.closing.aborted) return;
      this.#options.log.warn("messages that wait on disk could not be taken from there; trying again", {
        sessionKey,
        error: describeError(error),
      });
      this.#lookIn(sessionKey, storageAgainMs);
    } finally {
      this.#promised -= most;
    }
  }

  /** When there may be more to bring; undefined when whoever changes that says so. */
  async #handOver(sessionKey: string, most: number): Promise<number | undefined> {
    const { backlog, expect, becomes, arrive } = this.#options;
    const ready: (readonly Kept[])[] = [];
    let notBefore: number | undefined = 0;
    for (const group of await backlog.next(sessionKey, most)) {
      notBefore = await this.#notBefore(sessionKey, group);
      if (notBefore !== 0) break;
      ready.push(group);
    }
    const kept = ready.flat();
    if (kept.length === 0) return notBefore === 0 ? undefined : notBefore;
    const entries = kept.map(({ entry }) => entry);
    expect(entries, true); // before they are gone from disk, so that nobody looks for them in vain
    let isOurs = false;
    try {
      isOurs = await backlog.handOver(sessionKey, kept, becomes);
    } finally {
      if (!isOurs) expect(entries, false);
    }
    if (isOurs) for (const group of ready) arrive(group.map(({ entry }) => entry));
    return notBefore;
  }

  /** Undefined when nobody knows yet: its files are being read, and whoever reads them says so. */
  async #notBefore(sessionKey: string, group: readonly Kept[]): Promise<number | undefined> {
    const { backlog, tails, isUnread } = this.#options;
    if (group.some(({ entry }) => isUnread(entry))) return undefined;
    const [first] = group;
    const openForMs = first ? tails.openForMs(sessionKey, first.entry.group) : 0;
    if (openForMs > 0) return openForMs;
    // What comes first must not find all places taken by those who wait for it.
    const ahead = group.flatMap(({ entry: { scope, after } }) =>
      after === undefined ? [] : [{ scope, updateId: after }],
    );
    const isThere = await Promise.all(ahead.map((update) => backlog.knows(update)));
    return isThere.includes(true) ? orderAgainMs : 0;
  }

  #lookIn(sessionKey: string, ms: number): void {
    clearTimeout(this.#timers.get(sessionKey));
    if (this.#options.closing.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(sessionKey);
      this.look(sessionKey);
    }, ms);
    this.#timers.set(sessionKey, timer);
  }
}

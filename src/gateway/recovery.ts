import { unknownResult } from "#agent";
import { failPoint, pause } from "#base";
import type { EventOf } from "#protocol";
import type { Place } from "#scheduler";
import type { RunRow } from "#storage";
import { delivery, unanswered } from "./ending.ts";
import type { House } from "./house.ts";
import { readTurn } from "./open-calls.ts";

/** A turn is taken up again this often; one that still has no ending then may be what stops the gateway each time. */
const mostResumes = 2;

/** Of so many sessions at once; the others wait on the disk, so that a start with much to do needs no more memory than another. */
const mostSessionsAtOnce = 4;

const pageRuns = 200;
const roomAgainMs = 100;

/** A turn as a crash left it. */
export interface OwedTurn {
  readonly message: EventOf<"MessageReceived">;
  readonly key: string;
  readonly startedAt: number;
  /** Calls of tools that were begun, and of whose end nobody heard. */
  readonly unfinished: readonly EventOf<"ToolCalled">[];
}

/** Where turns are taken up. */
export interface Lanes {
  reserve(key: string): Place | "full" | "closing";
  /** Resolves when the turn has ended. */
  start(turn: OwedTurn, place: Place): Promise<void>;
  /** A turn was ended, and there may be something to deliver. */
  ended(): void;
}

export interface Recovered {
  readonly resumed: number;
  readonly ended: number;
}

/** One session on its way from the disk into its lane. */
interface Taking {
  /** Resolves with the ends of its turns, when the last one is in the lane. */
  readonly placed: Promise<readonly Promise<void>[]>;
  /** Resolves when a turn finds no room in the lane. */
  readonly stuck: Promise<"stuck">;
}

/**
 * What a crash left: turns that were begun and have no ending. Each goes on from what the log says of it, or, after too
 * many tries, ends visibly. A few sessions at a time; one that hears something new comes at once, so that the new comes
 * after the old.
 */
export class Recovery {
  readonly #house: House;
  readonly #lanes: Lanes;
  readonly #closing = new AbortController();
  readonly #owed = new Set<string>();
  readonly #taking = new Map<string, Taking>();
  readonly #count = { resumed: 0, ended: 0 };
  readonly #done = Promise.withResolvers<Recovered>();
  #scan: Promise<number> | undefined;
  #newest = 0;

  constructor(house: House, lanes: Lanes) {
    this.#house = house;
    this.#lanes = lanes;
  }

  /** Looks at what is owed and begins; `done` resolves when the last turn is in its lane or ended. */
  async begin(): Promise<{ readonly owed: number; readonly done: Promise<Recovered> }> {
    this.#scan ??= this.#look();
    const owed = await this.#scan;
    for (let worker = 0; worker < mostSessionsAtOnce; worker++) void this.#work();
    this.#checkDone();
    return { owed, done: this.#done.promise };
  }

  /** Resolves when what a crash left of the session is in its lane; false when there is no room for all of it now. */
  async clear(key: string): Promise<boolean> {
    if (!this.#scan) return true;
    await this.#scan.catch(() => undefined); // who began it hears of it
    const taking = this.#owed.has(key) ? this.#take(key) : this.#taking.get(key);
    if (!taking) return true;
    return (await Promise.race([taking.placed, taking.stuck])) !== "stuck";
  }

  /** Takes up nothing more, and waits for what is on its way into a lane. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#owed.clear();
    await Promise.all(Array.from(this.#taking.values(), (taking) => taking.placed));
    this.#checkDone();
  }

  async #look(): Promise<number> {
    let owed = 0;
    for (;;) {
      const page = await this.#house.storage.openRuns({ after: this.#newest, limit: pageRuns });
      for (const run of page) this.#owed.add(run.key);
      this.#newest = page.at(-1)?.n ?? this.#newest;
      owed += page.length;
      if (page.length < pageRuns) return owed;
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      const [key] = this.#owed;
      if (key === undefined) return;
      await Promise.all(await this.#take(key).placed);
    }
  }

  #take(key: string): Taking {
    this.#owed.delete(key);
    const stuck = Promise.withResolvers<"stuck">();
    const placed = this.#takeUp(key, () => stuck.resolve("stuck"))
      .catch((error: unknown) => {
        // One damaged session must not keep the gateway from starting.
        if (!this.#closing.signal.aborted) {
          this.#house.log.error("the turns of a session could not be taken up; they stay open", { key, error });
        }
        return [];
      })
      .finally(() => {
        this.#taking.delete(key);
        this.#checkDone();
      });
    const taking = { placed, stuck: stuck.promise };
    this.#taking.set(key, taking);
    return taking;
  }

  async #takeUp(key: string, onStuck: () => void): Promise<readonly Promise<void>[]> {
    const ends: Promise<void>[] = [];
    for (let after = 0; after < this.#newest;) {
      const page = await this.#house.storage.openRuns({ key, after, limit: pageRuns });
      for (const row of page.filter((run) => run.n <= this.#newest)) {
        const { end } = await this.#recover(row, onStuck);
        if (end) ends.push(end);
      }
      after = page.length < pageRuns ? this.#newest : (page.at(-1)?.n ?? this.#newest);
    }
    return ends;
  }

  /** Without an `end` the turn has ended, here or meanwhile. */
  async #recover(row: RunRow, onStuck: () => void): Promise<{ readonly end?: Promise<void> }> {
    const { runId, key, startedAt } = row;
    const { message, unfinished } = await readTurn(this.#house, row);
    failPoint("recovery.run.read");
    if (!message) throw new Error(`run ${runId} has no message at seq ${row.seq}`);
    if (row.resumed >= mostResumes) {
      const ending = unanswered(runId, { stopReason: "error", problem: interrupted });
      const last = [...unfinished.map(unknownResult), ending];
      await this.#house.sessions.append(key, last, await delivery(this.#house, { ...message, sessionKey: key }, last));
      failPoint("recovery.run.ended");
      this.#count.ended++;
      this.#lanes.ended();
      return {};
    }
    const place = await this.#room(key, onStuck);
    const isOpen = (await this.#house.storage.openRuns({ key, after: row.n - 1, limit: 1 }))[0]?.n === row.n;
    if (!isOpen) {
      place.giveBack(); // the session was reset or deleted meanwhile
      return {};
    }
    const value = { runId, attempt: row.resumed + 1 };
    await this.#house.sessions
      .append(key, [{ kind: "StateChanged", key: "run.resumed", value }])
      .catch((error: unknown) => {
        place.giveBack();
        throw error;
      });
    failPoint("recovery.run.marked");
    this.#count.resumed++;
    return { end: this.#lanes.start({ message, key, startedAt, unfinished }, place) };
  }

  async #room(key: string, onStuck: () => void): Promise<Place> {
    for (;;) {
      this.#closing.signal.throwIfAborted();
      const place = this.#lanes.reserve(key);
      if (place === "closing") throw new Error("the gateway is closing");
      if (place !== "full") return place;
      onStuck();
      await pause(roomAgainMs, this.#closing.signal);
    }
  }

  #checkDone(): void {
    if (this.#scan && this.#owed.size === 0 && this.#taking.size === 0) this.#done.resolve({ ...this.#count });
  }
}

const interrupted = {
  kind: "interrupted",
  message: "The gateway stopped while it worked on this, and could not finish it afterwards. Please ask again.",
};

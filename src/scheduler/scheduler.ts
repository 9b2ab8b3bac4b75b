export interface Limits {
  /** Turns running at once, over all lanes. */
  readonly running: number;
  /** Turns waiting at once, over all lanes. */
  readonly waiting: number;
  /** Places in one lane, the running one included. */
  readonly perLane: number;
}

/** The signal aborts when the scheduler closes. */
export type Job = (signal: AbortSignal) => Promise<void>;

/** A promise of room, made before anything else is promised. Start it or give it back. */
export interface Place {
  start(job: Job): Started;
  giveBack(): void;
}

export interface Started {
  /** Takes the job out again and gives its place back; false when it has begun already. */
  withdraw(): boolean;
}

export type Reservation =
  | { readonly reserved: true; readonly place: Place }
  | { readonly reserved: false; readonly because: "laneFull" | "queueFull" | "closing" };

/** When a turn may start: jobs of one lane in order, lanes beside each other, all within the limits. */
export interface Scheduler extends AsyncDisposable {
  reserve(lane: string): Reservation;
  /** Tells of each place that becomes free, by its lane. The listener does nothing but note it. */
  subscribe(freed: (lane: string) => void): () => void;
  load(): { readonly running: number; readonly waiting: number };
  /** Takes no more and resolves when nothing runs any more, at the latest after `graceMs`. Jobs that have not begun never will. */
  drain(graceMs: number): Promise<void>;
}

interface Lane {
  readonly name: string;
  readonly jobs: Job[];
  reserved: number;
  isBusy: boolean;
}

/** `onCrash` hears of what a job throws: a bug, because a turn records its own failures. */
export function createScheduler(limits: Limits, onCrash: (error: unknown) => void): Scheduler {
  const lanes = new Map<string, Lane>();
  const ready = new Set<Lane>(); // lanes with a job and none running, the one that waits longest first
  const active = new Set<Promise<void>>();
  const closing = new AbortController();
  const listeners = new Set<(lane: string) => void>();
  let reserved = 0;
  let isDraining = false;

  function wake(lane: Lane): void {
    if (!lane.isBusy && lane.jobs.length > 0) ready.add(lane);
    for (const next of ready) {
      if (active.size >= limits.running || isDraining) return;
      ready.delete(next);
      begin(next);
    }
  }

  function begin(lane: Lane): void {
    const job = lane.jobs.shift();
    if (!job) return;
    lane.isBusy = true;
    const turn = run(job).finally(() => {
      active.delete(turn);
      lane.isBusy = false;
      release(lane);
      wake(lane);
    });
    active.add(turn);
  }

  async function run(job: Job): Promise<void> {
    try {
      await job(closing.signal);
    } catch (error) {
      onCrash(error);
    }
  }

  function release(lane: Lane): void {
    reserved--;
    lane.reserved--;
    if (lane.reserved === 0) lanes.delete(lane.name);
    for (const freed of listeners) freed(lane.name);
  }

  function withdraw(lane: Lane, job: Job): boolean {
    const at = lane.jobs.indexOf(job);
    if (at === -1) return false;
    lane.jobs.splice(at, 1);
    if (lane.jobs.length === 0) ready.delete(lane);
    release(lane);
    return true;
  }

  return {
    reserve(name) {
      if (isDraining) return { reserved: false, because: "closing" };
      const lane = lanes.get(name) ?? { name, jobs: [], reserved: 0, isBusy: false };
      if (lane.reserved >= limits.perLane) return { reserved: false, because: "laneFull" };
      if (reserved >= limits.running + limits.waiting) return { reserved: false, because: "queueFull" };
      lanes.set(name, lane);
      lane.reserved++;
      reserved++;
      return {
        reserved: true,
        place: {
          start(job) {
            lane.jobs.push(job);
            wake(lane);
            return { withdraw: () => withdraw(lane, job) };
          },
          giveBack: () => release(lane),
        },
      };
    },
    subscribe(freed) {
      listeners.add(freed);
      return () => void listeners.delete(freed);
    },
    load: () => ({ running: active.size, waiting: reserved - active.size }),
    async drain(graceMs) {
      isDraining = true;
      const isLate = Promise.withResolvers<void>();
      const timer = setTimeout(isLate.resolve, graceMs);
      await Promise.race([Promise.all(active), isLate.promise]);
      clearTimeout(timer);
    },
    async [Symbol.asyncDispose]() {
      isDraining = true;
      closing.abort();
      await Promise.all(active);
    },
  };
}

import type { Entry } from "./entry.ts";

/** What one turn answers at once. */
export const groupLimits = { mostMessages: 12, mostCharacters: 50_000 };

export interface Slot {
  entry: Entry;
  /** False when the disk did not take it: then it is not ours. */
  readonly written: Promise<boolean>;
  /** What is said of its files, once they were read. */
  files: Promise<readonly string[]>;
}

/** Messages that one turn will answer. Open until it was quiet for a while, or is full. */
export class Group {
  readonly id: string;
  readonly runId: string;
  readonly slots: Slot[] = [];
  readonly #joinKey: string;
  readonly #closed = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(id: string, joinKey: string, runId: string) {
    this.id = id;
    this.#joinKey = joinKey;
    this.runId = runId;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when nothing joins any more. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  takes(joinKey: string, characters: number): boolean {
    const held = this.slots.reduce((sum, { entry }) => sum + entry.text.length, 0);
    return (
      !this.#isClosed &&
      joinKey === this.#joinKey &&
      this.slots.length < groupLimits.mostMessages &&
      held + characters <= groupLimits.mostCharacters
    );
  }

  restFor(quietMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    if (quietMs === 0) return this.close();
    this.#timer = setTimeout(() => this.close(), quietMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#closed.resolve();
  }

  /** What of it is on disk, with what came of its files. */
  async settled(): Promise<readonly Entry[]> {
    const all = await Promise.all(
      this.slots.map(async (slot) => ({ slot, isWritten: await slot.written, files: await slot.files })),
    );
    return all.filter(({ isWritten }) => isWritten).map(({ slot, files }) => ({ ...slot.entry, files: [...files] }));
  }
}

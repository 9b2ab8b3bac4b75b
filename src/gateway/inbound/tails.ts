import { type Clock, Lru } from "#base";
import { groupLimits } from "./group.ts";

const mostOpen = 1_000;

interface Tail {
  readonly joinKey: string;
  readonly id: string;
  readonly runId: string;
  readonly messages: number;
  readonly characters: number;
  /** By the clock that only grows. */
  readonly openUntil: number;
}

/** One more message of a session, as far as it matters for joining. */
export interface Joining {
  readonly updateId: string;
  readonly text: string;
  readonly joinKey: string;
  readonly quietMs: number;
  readonly newRunId: string;
}

/** The last group of each session that waits on disk alone, as long as more may join it. A restart closes them all. */
export class Tails {
  readonly #clock: Clock;
  readonly #open = new Lru<string, Tail>({ budget: mostOpen });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Which group it belongs to: the one before, or its own. */
  join(sessionKey: string, { updateId, text, joinKey, quietMs, newRunId }: Joining): { group: string; runId: string } {
    const now = this.#clock.elapsed();
    const last = this.#open.get(sessionKey);
    const { mostMessages, mostCharacters } = groupLimits;
    const isJoined =
      last?.joinKey === joinKey &&
      now < last.openUntil &&
      last.messages < mostMessages &&
      last.characters + text.length <= mostCharacters;
    const before = isJoined ? last : { joinKey, id: updateId, runId: newRunId, messages: 0, characters: 0 };
    const { id: group, runId } = before;
    if (quietMs === 0) this.#open.delete(sessionKey);
    else {
      this.#open.set(sessionKey, {
        ...before,
        messages: before.messages + 1,
        characters: before.characters + text.length,
        openUntil: now + quietMs,
      });
    }
    return { group, runId };
  }

  /** How long more may join that group; 0 when nothing does any more. */
  openForMs(sessionKey: string, group: string): number {
    const last = this.#open.get(sessionKey);
    return last?.id === group ? Math.max(0, Math.ceil(last.openUntil - this.#clock.elapsed())) : 0;
  }

  close(sessionKey: string): void {
    this.#open.delete(sessionKey);
  }
}

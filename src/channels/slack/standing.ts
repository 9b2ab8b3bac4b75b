import type { ChannelState } from "../channel.ts";

export type Mode = "connecting" | "online" | "backingOff" | "refused" | "closed";

const next: Readonly<Record<Mode, readonly Mode[]>> = {
  connecting: ["online", "backingOff", "refused", "closed"],
  online: ["online", "connecting", "backingOff", "refused", "closed"],
  backingOff: ["backingOff", "online", "refused", "closed"],
  refused: ["closed"],
  closed: [],
};

const states: Readonly<Record<Mode, ChannelState>> = {
  connecting: "degraded",
  online: "online",
  backingOff: "degraded",
  refused: "offline",
  closed: "offline",
};

/** How far the connection is, and why no farther. */
export class Standing {
  readonly #changed: () => void;
  #mode: Mode = "connecting";
  #problem: string | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get state(): ChannelState {
    return states[this.#mode];
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** The only place the mode changes. */
  enter(mode: Mode, problem?: string): void {
    if (!next[this.#mode].includes(mode)) throw new Error(`a channel cannot go from ${this.#mode} to ${mode}`);
    const isNews = mode !== this.#mode || problem !== this.#problem;
    this.#mode = mode;
    this.#problem = problem;
    if (isNews) this.#changed();
  }
}

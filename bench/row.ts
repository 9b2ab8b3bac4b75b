import type { Peer } from "./peers.ts";

/** How much is measured: `quick` for a look in CI, `full` for figures to quote. */
export interface Effort {
  readonly starts: number;
  readonly idleSeconds: number;
  readonly pingSeconds: number;
  readonly turns: number;
  readonly connections: number;
  readonly storedEvents: number;
  /** How many connections of each dialect are held. */
  readonly held: readonly number[];
  readonly storageSeconds: number;
  /** How long platforms bring messages. */
  readonly channelSeconds: number;
}

export const efforts: Readonly<Record<"quick" | "full", Effort>> = {
  quick: {
    starts: 5,
    idleSeconds: 5,
    pingSeconds: 2,
    turns: 400,
    connections: 2_000,
    storedEvents: 100_000,
    held: [1_000],
    storageSeconds: 1,
    channelSeconds: 4,
  },
  full: {
    starts: 15,
    idleSeconds: 60,
    pingSeconds: 10,
    turns: 2_000,
    connections: 5_000,
    storedEvents: 1_000_000,
    held: [1_000, 10_000],
    storageSeconds: 5,
    channelSeconds: 60,
  },
};

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** What the design promises; absent where the figure only explains another. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What the machine alone makes it cost. */
export interface Machine {
  /** One sync of the disk that holds the state of the peers. */
  readonly syncMs: number;
}

/** Measures one peer and names its figures; a figure of the same name of the other peer stands beside it. */
export type Row = (peer: Peer, effort: Effort, machine: Machine) => Promise<Figure[]>;

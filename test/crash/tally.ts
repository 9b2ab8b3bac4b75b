/** What one kind of killing found. */
export interface Tally {
  readonly title: string;
  kills: number;
  readonly violations: string[];
  /** How often the process died at each place. */
  readonly hits: Map<string, number>;
  readonly readyMs: number[];
  starved: number;
  said: number;
  acknowledged: number;
  doubleArrivals: number;
  unknownOutcomes: number;
  events: number;
}

export function newTally(title: string): Tally {
  return {
    title,
    kills: 0,
    violations: [],
    hits: new Map(),
    readyMs: [],
    starved: 0,
    said: 0,
    acknowledged: 0,
    doubleArrivals: 0,
    unknownOutcomes: 0,
    events: 0,
  };
}

export function deadline(minutes: number): () => boolean {
  const end = performance.now() + minutes * 60_000;
  return () => performance.now() > end;
}

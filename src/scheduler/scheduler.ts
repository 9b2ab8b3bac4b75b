export interface Limits {
  /** Turns running at once, over all lanes. */
  readonly running: number;
  /** Turns waiting at once, over all lanes. */
  readonly waiting: number;
  /** Places in one lane, the running one included. */
  readonly perLane: number;
}

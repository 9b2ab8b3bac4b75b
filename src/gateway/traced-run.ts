import type { StoredEvent } from "#protocol";
import type { OutboxRow, RunRow } from "#storage";
import type { ActiveRun } from "./gateway.ts";
import type { ModelPrice } from "./house.ts";

/** All that is known of a turn. */
export interface TracedRun {
  readonly run: RunRow;
  /** Those of the turn, oldest first. */
  readonly events: readonly StoredEvent[];
  readonly isCut: boolean;
  readonly outbox: readonly OutboxRow[];
  readonly active: ActiveRun | undefined;
  /** Its people read the answer in the log. */
  readonly followsLog: boolean;
  readonly priceOf: (provider: string, model: string) => ModelPrice | undefined;
}

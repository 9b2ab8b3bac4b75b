import type { Clock, Log } from "#base";
import type { PrepareTurn } from "#agent";
import type { Address } from "#protocol";
import type { Scheduler } from "#scheduler";
import type { Sessions } from "#sessions";
import type { Storage } from "#storage";
import type { Lines } from "./line.ts";
import type { Previews } from "./outbound/previews.ts";
import type { Tickets } from "./outbound/tickets.ts";
import type { RetentionLimits } from "./retention.ts";

/** In US dollars for a million tokens; what is not said of the cache costs as much as other input. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** The rooms that the walk leads through, and what the walk itself keeps. */
export interface House extends Rooms {
  readonly previews: Previews;
  readonly tickets: Tickets;
}

/** The rooms that the walk leads through. */
export interface Rooms {
  /** Names this gateway among those that share its storage; the same in each of its lives. */
  readonly instanceId: string;
  readonly sessions: Sessions;
  readonly storage: Storage;
  readonly scheduler: Scheduler;
  readonly lines: Lines;
  readonly prepareTurn: PrepareTurn;
  /** What an agent's answers to a chat begin with; undefined where there is no need to tell agents apart. */
  readonly labelOf?: (agentId: string, to: Address) => string | undefined;
  /** Undefined where nobody said what the model costs. */
  readonly priceOf: (provider: string, model: string) => ModelPrice | undefined;
  readonly log: Log;
  readonly clock: Clock;
  /** How long what has served its time is kept; the usual limits where nobody says. */
  readonly retention?: () => RetentionLimits;
  /** What else is to be swept, where the walk does not reach. */
  readonly sweepBesides?: () => Promise<void>;
}

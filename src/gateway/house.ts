import type { Clock, Log } from "#base";
import type { TurnModel, TurnTools } from "#agent";
import type { Connection } from "#channels";
import type { TurnProblem } from "#protocol";
import type { Scheduler } from "#scheduler";
import type { Sessions, SessionSettings } from "#sessions";
import type { Storage } from "#storage";

/** What a turn works with, or why there can be none. */
export type PreparedTurn =
  | {
      readonly ready: true;
      readonly model: TurnModel;
      readonly tools: TurnTools;
      readonly system: string;
      readonly maxSteps: number;
      readonly timeoutMs: number;
    }
  | { readonly ready: false; readonly problem: TurnProblem };

export type PrepareTurn = (session: {
  readonly agentId: string;
  readonly settings: SessionSettings;
}) => Promise<PreparedTurn>;

/** An open channel, by the name that addresses use. */
export interface OpenChannel {
  readonly id: string;
  readonly followsLog: boolean;
  readonly connection: Connection;
}

/** The rooms that the walk leads through. */
export interface House {
  readonly sessions: Sessions;
  readonly storage: Storage;
  readonly scheduler: Scheduler;
  readonly channels: readonly OpenChannel[];
  readonly prepareTurn: PrepareTurn;
  readonly log: Log;
  readonly clock: Clock;
}

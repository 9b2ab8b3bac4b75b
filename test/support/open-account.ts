import type { Connection, Update } from "#channels";
import { type Clock, silentLog, systemClock } from "#base";

/** What a channel is given to open one account, and what came of it. */
export class AccountHouse {
  readonly account = "work";
  readonly got: Update[] = [];
  readonly notes: { read(name: string): Promise<string | undefined>; write(name: string, text: string): Promise<void> };
  readonly log = silentLog;
  readonly clock: Clock;
  changes = 0;
  /** What a test wants to happen before an update is taken. */
  before: (update: Update) => Promise<void> = async () => {};

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
    const kept = new Map<string, string>();
    this.notes = {
      read: async (name) => kept.get(name),
      write: async (name, text) => void kept.set(name, text),
    };
  }

  readonly receive = async (update: Update): Promise<void> => {
    await this.before(update);
    this.got.push(update);
  };

  readonly changed = (): void => {
    this.changes++;
  };

  options<Settings>(settings: Settings) {
    const { account, receive, notes, changed, log, clock } = this;
    return { account, settings, receive, notes, changed, log, clock };
  }
}

export interface OpenAccount extends AsyncDisposable {
  readonly house: AccountHouse;
  readonly connection: Connection;
}

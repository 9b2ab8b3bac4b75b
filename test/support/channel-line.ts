import { createLog, systemClock } from "#base";
import type { AccountOptions, Channel, Connection, Update } from "#channels";

/** A connection to an account that keeps what it was told: what came in, what it wrote down, what it logged. */
export interface ChannelLine extends AsyncDisposable {
  readonly connection: Connection;
  /** What `receive` was given, whatever came of it. */
  readonly received: readonly Update[];
  readonly texts: readonly string[];
  readonly notes: Map<string, string>;
  readonly log: readonly string[];
  /** How often it said that its state is another now. */
  readonly changes: number;
}

/** Opens one account of a channel. `receive` takes everything when it is not given. */
export async function openChannelLine(
  channel: Channel,
  settings: unknown,
  options: Partial<Pick<AccountOptions<unknown>, "receive" | "clock">> & { readonly notes?: Map<string, string> } = {},
): Promise<ChannelLine> {
  const received: Update[] = [];
  const log: string[] = [];
  const notes = options.notes ?? new Map<string, string>();
  let changes = 0;
  const connection = await channel.open({
    account: "main",
    settings,
    receive: async (update) => {
      received.push(update);
      await options.receive?.(update);
    },
    notes: {
      read: async (name) => notes.get(name),
      write: async (name, text) => void notes.set(name, text),
    },
    changed: () => {
      changes++;
    },
    log: createLog({ level: "debug", write: (line) => void log.push(line) }),
    clock: options.clock ?? systemClock,
  });
  return {
    connection,
    received,
    get texts() {
      return received.flatMap((update) => ("text" in update ? [update.text] : []));
    },
    notes,
    log,
    get changes() {
      return changes;
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

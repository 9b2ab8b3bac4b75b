import { Secret, silentLog, systemClock, type Clock } from "#base";
import type { ChannelState, Connection, Update } from "#channels";
import { discord as discordChannel } from "../../src/channels/discord.ts";
import type { FakeDiscord } from "./fake-discord.ts";

/** A clock by which every wait for a limit of Discord's is over. */
export function hurriedClock(): Clock {
  const time = { elapsed: 0 };
  return { now: () => systemClock.now(), elapsed: () => (time.elapsed += 10_000) };
}

export interface OpenDiscord extends AsyncDisposable {
  readonly connection: Connection;
  readonly updates: Update[];
  readonly states: (readonly [ChannelState, string | undefined])[];
}

/** The account of a gateway at a fake Discord: what it took is in `updates`. */
export async function openDiscord(
  discord: Pick<FakeDiscord, "apiBase" | "token">,
  options: {
    readonly notes?: Map<string, string>;
    readonly token?: string;
    readonly clock?: Clock;
    readonly receive?: (update: Update) => Promise<void>;
  } = {},
): Promise<OpenDiscord> {
  const notes = options.notes ?? new Map<string, string>();
  const updates: Update[] = [];
  const states: [ChannelState, string | undefined][] = [];
  const connection: Connection = await discordChannel.open({
    account: "bot",
    settings: { token: new Secret(options.token ?? discord.token), apiBase: discord.apiBase },
    receive: async (update) => {
      await options.receive?.(update);
      updates.push(update);
    },
    notes: {
      read: async (name) => notes.get(name),
      write: async (name, text) => {
        // A disk takes its time.
        await Bun.sleep(1);
        notes.set(name, text);
      },
    },
    changed: () => states.push([connection.state, connection.problem]),
    log: silentLog,
    clock: options.clock ?? hurriedClock(),
  });
  return { connection, updates, states, [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
}

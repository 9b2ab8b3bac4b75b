import { type Channel, type ChannelSettings, type Connection, defaultAccount } from "#channels";
import type { Address } from "#protocol";

/** One open account of a channel. */
export interface Line {
  readonly channel: Channel;
  /** The account's name in the settings. */
  readonly account: string;
  /** As they are now: they change while the line stays open, so they are read when they are needed. */
  readonly settings: ChannelSettings;
  readonly connection: Connection;
}

/** What the walk needs of a line to deliver over it. */
export interface Lines {
  /** The open line that leads there; an address without an account means the one named `default`. */
  find(to: Pick<Address, "channel" | "account">): Line | undefined;
  all(): readonly Line[];
  /** It is one of the settings' accounts, open now or not: what is to go there may wait. */
  expects?(to: Pick<Address, "channel" | "account">): boolean;
}

export { defaultAccount } from "#channels";

export function linesOf(lines: readonly Line[]): Lines {
  return {
    find: ({ channel, account = defaultAccount }) =>
      lines.find((line) => line.channel.id === channel && line.account === account),
    all: () => lines,
  };
}

import { silentLog, systemClock } from "#base";
import type { ChannelSettings } from "#channels";
import { type Accounts, createNotes, openAccounts } from "#gateway";
import type { ChannelPlatform } from "./channel-platform.ts";
import { until } from "./until.ts";
import { Walk, type WalkOptions } from "./walk.ts";

const everybody: ChannelSettings = {
  dmPolicy: "open",
  allowFrom: ["*"],
  groupPolicy: "open",
  // A fake has no limits but those that a test gives it.
  pace: "off",
  groups: { "*": { requireMention: false } },
};

/** The walk with real accounts of real channels, each at its fake platform. */
export class ChannelWalk implements AsyncDisposable {
  readonly walk: Walk;
  readonly accounts: Accounts;

  private constructor(walk: Walk, accounts: Accounts) {
    this.walk = walk;
    this.accounts = accounts;
  }

  static async open(
    platforms: readonly Pick<ChannelPlatform, "channel" | "settings">[],
    options: Omit<WalkOptions, "lines" | "channels">,
  ): Promise<ChannelWalk> {
    const lines = {
      find: (to: Parameters<Accounts["find"]>[0]) => accounts.find(to),
      all: () => accounts.all(),
      expects: (to: Parameters<Accounts["has"]>[0]) => accounts.has(to),
    };
    await using opened = new AsyncDisposableStack();
    const walk = opened.use(new Walk({ ...options, lines }));
    const accounts = openAccounts({
      wanted: () =>
        platforms.map(({ channel, settings }) => ({
          channel,
          account: "default",
          isEnabled: true,
          settings: { ...everybody, ...(settings as object) },
          fingerprint: channel.id,
        })),
      take: (update, line) => walk.inbound.take(update, line),
      notes: (account) => createNotes(walk.storage, account),
      log: silentLog,
      clock: systemClock,
    });
    opened.use(accounts);
    await walk.gateway.recover();
    await walk.inbound.recover();
    accounts.refresh();
    opened.move();
    return new ChannelWalk(walk, accounts);
  }

  /** Every account is online. */
  async online(): Promise<this> {
    await until("all accounts to be online", () => {
      const views = this.accounts.views();
      return views.length > 0 && views.every(({ state }) => state === "online");
    });
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.accounts[Symbol.asyncDispose]();
    await this.walk[Symbol.asyncDispose]();
  }
}

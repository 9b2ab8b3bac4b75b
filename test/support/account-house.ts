import { createLog, type LogFields, silentLog, systemClock } from "#base";
import { channelsSettings, type ChannelsSettings, configuredAccounts, type Update } from "#channels";
import { type Config, locateHome, openConfig } from "#config";
import { type Accounts, type AccountView, createNotes, openAccounts } from "#gateway";
import { openSqlite } from "#storage";
import { Type } from "@sinclair/typebox";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Parrots } from "./parrots.ts";
import { tempFolder } from "./temp-folder.ts";

type Patience = NonNullable<Parameters<typeof openAccounts>[0]["patience"]>;

const quick = { retry: { firstMs: 1, mostMs: 60_000 }, offlineMs: 20, openMs: 10_000 };

/** Accounts over real settings and a real database; the platform and who takes updates are a test's own. */
export class AccountHouse implements AsyncDisposable {
  readonly texts: string[] = [];
  readonly logged: LogFields[] = [];
  readonly config: Config<{ channels: ChannelsSettings }>;
  readonly accounts: Accounts;
  readonly #opened: AsyncDisposableStack;
  take: (update: Update) => Promise<void> = async (update) => {
    if (update.type === "message") this.texts.push(update.text);
  };

  private constructor(parrots: Parrots, toml: string, patience: Partial<Patience>) {
    using opened = new DisposableStack();
    const folder = opened.use(tempFolder());
    writeFileSync(join(folder.path, "openclaw.toml"), toml);
    const home = locateHome({ OPENCLAW_HOME: folder.path });
    const channels = [parrots.channel];
    const schema = Type.Object({ channels: channelsSettings(channels) });
    this.config = openConfig({ schema, home, environment: {}, flags: {} });
    this.#opened = new AsyncDisposableStack();
    const held = opened.move();
    this.#opened.defer(() => held.dispose());
    const storage = this.#opened.use(
      openSqlite({ path: join(folder.path, "openclaw.db"), log: silentLog, clock: systemClock }),
    );
    this.accounts = this.#opened.use(
      openAccounts({
        wanted: () => configuredAccounts(channels, this.config.settings.channels),
        take: (update) => this.take(update),
        notes: (account) => createNotes(storage, account),
        log: createLog({ level: "debug", write: (line) => this.logged.push(JSON.parse(line) as LogFields) }),
        clock: systemClock,
        patience: { ...quick, ...patience },
      }),
    );
    this.#opened.defer(this.config.subscribe(() => this.accounts.refresh()));
  }

  static async open(parrots: Parrots, toml: string, patience: Partial<Patience> = {}): Promise<AccountHouse> {
    const house = new AccountHouse(parrots, toml, patience);
    house.accounts.refresh();
    return house;
  }

  view(account = "default"): AccountView | undefined {
    return this.accounts.views().find((view) => view.account === account);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

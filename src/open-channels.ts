import type { Clock, Log } from "#base";
import {
  type Channel,
  type ChannelsSettings,
  type ConfiguredAccount,
  type Connection,
  configuredAccounts,
  type MenuCommand,
} from "#channels";
import type { Config } from "#config";
import {
  type AccountPlace,
  type Accounts,
  type AccountView,
  createNotes,
  defaultAccount,
  type Inbound,
  type Line,
  type Lines,
  linesOf,
  openAccounts,
  type TakeLease,
} from "#gateway";
import { type ChannelStatus, accountStatus } from "#rpc";
import type { Storage } from "#storage";
import type { ComponentHealth, Health } from "#telemetry";

export interface ChannelsOptions {
  readonly available: readonly Channel[];
  readonly config: Config<{ readonly channels: ChannelsSettings; readonly commands: { readonly native: boolean } }>;
  readonly storage: Storage;
  readonly take: Inbound["take"];
  /** What platforms show in their menus, where the settings want that. */
  readonly commands: () => Promise<readonly MenuCommand[]>;
  /** Whether this gateway may open an account that only one may have open. */
  readonly lease: TakeLease;
  readonly log: Log;
  readonly clock: Clock;
}

/** Every line to the people: those that are always there, and the accounts of the settings. */
export interface OpenChannels extends AsyncDisposable {
  readonly lines: Lines;
  readonly accounts: Accounts;
  /** Opens the accounts, and from now on follows the settings. Waits for nothing. */
  begin(): void;
  rows(): readonly ChannelStatus[];
  /** Who takes what a platform brings to an account; undefined where it is not called, or not open. */
  readonly taker: (to: Required<AccountPlace>) => Connection["take"];
  /** The same health with a component for each account. */
  watchedBy(health: Health): Health;
}

export async function openChannels(options: ChannelsOptions): Promise<OpenChannels> {
  await using opened = new AsyncDisposableStack();
  const { available, config, storage, log, clock } = options;
  const notes = (account: string) => createNotes(storage, account);
  const accounts = opened.use(
    openAccounts({
      wanted: () => wantedAccounts(available, config.settings),
      take: options.take,
      commands: async () => (config.settings.commands.native ? options.commands() : []),
      notes,
      lease: options.lease,
      log,
      clock,
    }),
  );
  const always = await Promise.all(
    available.filter(({ account }) => !account).map((channel) => openAlways(channel, { opened, notes, log, clock })),
  );
  const fixed = linesOf(always);
  const labels = new Map(available.map(({ id, label }) => [id, label]));
  const held = opened.move();
  return {
    lines: {
      find: (to) => fixed.find(to) ?? accounts.find(to),
      all: () => [...always, ...accounts.all()],
      expects: (to) => accounts.has(to),
    },
    accounts,
    begin() {
      held.defer(
        config.subscribe(({ changed }) => {
          if (changed.some((path) => path.startsWith("channels") || path === "commands.native")) accounts.refresh();
        }),
      );
      accounts.refresh();
    },
    rows() {
      const fixedRows = always.map(({ channel: { id, label }, connection }) => ({
        id,
        label,
        state: connection.state,
      }));
      const views = Object.groupBy(accounts.views(), ({ channel }) => channel);
      const rows = Object.entries(views).map(([id, of = []]) => ({
        id,
        label: labels.get(id) ?? id,
        state: stateOf(of),
        accounts: of.map(accountStatus),
      }));
      return [...fixedRows, ...rows].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    taker: (to) => {
      const connection = accounts.find(to)?.connection;
      return connection?.take?.bind(connection);
    },
    watchedBy: (health) => ({
      report: async () =>
        withLines(await health.report(), [...always.map(healthOfLine), ...accounts.views().flatMap(healthOf)]),
    }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** An account that has a menu is another one when the menu is. */
function wantedAccounts(
  available: readonly Channel[],
  { channels, commands }: { readonly channels: ChannelsSettings; readonly commands: { readonly native: boolean } },
): readonly ConfiguredAccount[] {
  const accounts = configuredAccounts(available, channels);
  if (commands.native) return accounts;
  return accounts.map((one) =>
    one.channel.abilities?.includes("menu") ? { ...one, fingerprint: `${one.fingerprint} without a menu` } : one,
  );
}

interface Opening {
  readonly opened: AsyncDisposableStack;
  readonly notes: (account: string) => ReturnType<typeof createNotes>;
  readonly log: Log;
  readonly clock: Clock;
}

/** A channel with nothing to set, whose people come to the gateway themselves. */
async function openAlways(channel: Channel, { opened, notes, log, clock }: Opening): Promise<Line> {
  const connection = await channel.open({
    account: defaultAccount,
    settings: {},
    receive: async () => {
      throw new Error("nobody writes to this channel from outside");
    },
    notes: notes(`${channel.id}/${defaultAccount}`),
    changed: () => {},
    log,
    clock,
  });
  return { channel, account: defaultAccount, settings: {}, connection: opened.use(connection) };
}

function stateOf(views: readonly AccountView[]): ChannelStatus["state"] {
  const running = views.filter(({ isRunning }) => isRunning);
  if (running.every(({ state }) => state === "offline")) return "offline";
  return running.every(({ state }) => state === "online") ? "online" : "degraded";
}

type Report = Awaited<ReturnType<Health["report"]>>;

type Component = ComponentHealth & { readonly name: string };

function withLines(report: Report, found: readonly Component[]): Report {
  const isImpaired = found.some(({ state }) => state !== "healthy");
  return {
    ...report,
    status: report.status === "healthy" && isImpaired ? "degraded" : report.status,
    components: { ...report.components, ...Object.fromEntries(found.map(({ name, state }) => [name, state])) },
    reasons: {
      ...report.reasons,
      ...Object.fromEntries(found.flatMap(({ name, because }) => (because === undefined ? [] : [[name, because]]))),
    },
  };
}

const healthWhen = { online: "healthy", degraded: "degraded", offline: "unhealthy" } as const;

function healthOfLine({ channel, connection: { state, problem } }: Line): Component {
  return { name: channel.id, state: healthWhen[state], ...(problem !== undefined && { because: problem }) };
}

/** Nothing of one that nobody wants open: it is not enabled, or was stopped. */
function healthOf(view: AccountView): readonly Component[] {
  const { isEnabled, isConfigured, isRunning, state, problem, failures } = view;
  if (!isEnabled || (isConfigured && !isRunning)) return [];
  const name = view.account === defaultAccount ? view.channel : `${view.channel}/${view.account}`;
  if (state === "online") return [{ name, state: "healthy" }];
  const isConnecting = isRunning && failures === 0 && problem === undefined;
  const because = problem ?? (isConnecting ? "It is connecting." : "It is not connected.");
  return [{ name, state: isConnecting ? "degraded" : healthWhen[state], because }];
}

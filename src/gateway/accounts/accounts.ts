import { lazily } from "#base";
import { type ConfiguredAccount, defaultAccount, tokenPaths } from "#channels";
import { type Address, fault } from "#protocol";
import type { Lines } from "../line.ts";
import type { AccountParts, AccountView, Patience } from "./account.ts";
import type { Keeper, Probe } from "./keeper.ts";

export type AccountPlace = Pick<Address, "channel" | "account">;

export interface AccountsOptions extends Omit<AccountParts, "patience"> {
  /** As the settings have it now. */
  readonly wanted: () => readonly ConfiguredAccount[];
  readonly patience?: Partial<Patience>;
}

/** The accounts of the settings, each opened, watched and closed by itself. Without an account, all of a channel are meant. */
export interface Accounts extends Lines, AsyncDisposable {
  /** It is in the settings, open or not. */
  has(to: AccountPlace): boolean;
  views(): readonly AccountView[];
  /** Brings about what the settings want, behind the caller's back; an account that they want as it is goes on. */
  refresh(): void;
  /** Rejects with `accountNotFound`, or `configInvalid` for one that cannot be opened as it is set. */
  start(where: AccountPlace): Promise<readonly AccountView[]>;
  stop(where: AccountPlace): Promise<readonly AccountView[]>;
  restart(where: AccountPlace): Promise<readonly AccountView[]>;
  /** Asks the platform who we are there. */
  probe(where: AccountPlace, signal: AbortSignal): Promise<Probe>;
  /** Where in the settings the account's tokens may stand. */
  tokenPaths(where: Required<AccountPlace>): readonly string[];
  /** Takes no more updates; what is open stays open for answers that are still to come. */
  quiesce(): void;
}

/** Nothing of it is loaded before the settings want an account. */
export function openAccounts(options: AccountsOptions): Accounts {
  const { wanted, patience, ...parts } = options;
  const state: { keeper?: Keeper; isClosing: boolean; work: Promise<void> } = {
    isClosing: false,
    work: Promise.resolve(),
  };
  const load = lazily(async () => {
    const [{ Keeper: Made }, { usualPatience }] = await Promise.all([import("./keeper.ts"), import("./account.ts")]);
    state.keeper = new Made({ ...parts, patience: { ...usualPatience, ...patience } });
    return state.keeper;
  });
  const bring = async () => {
    if (state.isClosing || (!state.keeper && wanted().length === 0)) return;
    const keeper = await load();
    if (!state.isClosing) await keeper.apply(wanted());
  };
  const kept = async ({ channel, account = "any" }: AccountPlace) => {
    await state.work;
    if (state.keeper) return state.keeper;
    throw fault.accountNotFound({ channel, account });
  };

  return {
    find: (to) => state.keeper?.find(to),
    all: () => state.keeper?.all() ?? [],
    has: (to) => state.keeper?.has(to) ?? wanted().some((one) => isAt(one, to)),
    views: () => state.keeper?.views() ?? [],
    refresh() {
      state.work = state.work
        .then(bring)
        .catch((error: unknown) => parts.log.error("the accounts could not be made as the settings want", { error }));
    },
    start: async (where) => (await kept(where)).start(where),
    stop: async (where) => (await kept(where)).stop(where),
    restart: async (where) => (await kept(where)).restart(where),
    probe: async (where, signal) => (await kept(where)).probe(where, signal),
    tokenPaths: ({ channel, account }) => {
      const found = wanted().find((one) => isAt(one, { channel, account }));
      return found ? tokenPaths(found) : [];
    },
    quiesce() {
      state.isClosing = true;
      state.keeper?.quiesce();
    },
    async [Symbol.asyncDispose]() {
      this.quiesce();
      await state.work;
      await state.keeper?.[Symbol.asyncDispose]();
    },
  };
}

function isAt(one: ConfiguredAccount, { channel, account = defaultAccount }: AccountPlace): boolean {
  return one.channel.id === channel && one.account === account;
}

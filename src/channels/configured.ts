import { Secret } from "#base";
import { toSnake } from "#config";
import { KindGuard } from "@sinclair/typebox";
import { disagreement } from "./activation.ts";
import type { Channel } from "./channel.ts";
import {
  accountFields,
  type AccountSection,
  type ChannelSection,
  type ChannelsSettings,
  isSecretField,
} from "./sections.ts";

/** The account of a channel that has no others. */
export const defaultAccount = "default";

/** An account that the settings name, and what they mean for it. */
export interface ConfiguredAccount {
  readonly channel: Channel;
  readonly account: string;
  readonly isEnabled: boolean;
  /** Its own over its channel's, with the defaults. */
  readonly settings: AccountSection;
  /** Why it cannot be opened, with the setting's name in front. */
  readonly problem?: string;
  /** The problem is that it has no token yet: it waits for one, and nobody else has to wait with it. */
  readonly lacksSecret?: true;
  /** Another one when a setting that the channel itself reads is another, secrets included. Not for anybody to see. */
  readonly fingerprint: string;
}

/** Every account of the settings, in the order of the channels. One whose settings cannot work is there, with its problem. */
export function configuredAccounts(
  channels: readonly Channel[],
  settings: ChannelsSettings,
): readonly ConfiguredAccount[] {
  const holders = new Map<string, string>();
  return channels.flatMap((channel) => {
    const section = Object.hasOwn(settings, channel.id) ? settings[channel.id] : undefined;
    if (!channel.account || !section) return [];
    return accountNames(channel, section).map((account) => {
      const made = configure(channel, section, account);
      const rival = made.isEnabled && made.problem === undefined ? rivalOf(made, holders) : undefined;
      return rival === undefined ? made : { ...made, problem: rival };
    });
  });
}

/** An account, by names. */
export interface AccountPlace {
  readonly channel: string;
  readonly account: string;
}

/** What a token is called in the settings: two accounts with the same one would take each other's messages. */
export function isTokenField(name: string): boolean {
  return /token$/i.test(name);
}

/** Where an account's setting stands in the file. */
export function settingPath(at: AccountPlace, field: string, section?: ChannelSection): string {
  const isApart = at.account !== defaultAccount || section?.accounts?.[defaultAccount] !== undefined;
  return `channels.${at.channel}.${isApart ? `accounts.${at.account}.` : ""}${toSnake(field)}`;
}

/** Where an account's tokens may stand in the settings. */
export function tokenPaths({ channel, account }: ConfiguredAccount): readonly string[] {
  const names = Object.keys(accountFields(channel.account)).filter(isTokenField).map(toSnake);
  const own = names.map((name) => `channels.${channel.id}.accounts.${account}.${name}`);
  return account === defaultAccount ? [...names.map((name) => `channels.${channel.id}.${name}`), ...own] : own;
}

/** The channel's own table is an account where it holds a secret, or where no others are named. */
function accountNames({ account }: Channel, { accounts = {}, ...section }: ChannelSection): readonly string[] {
  const named = Object.keys(accounts);
  const secrets = Object.entries(accountFields(account)).filter(([, schema]) => isSecretField(schema));
  const isAccount = named.length === 0 || secrets.some(([name]) => section[name] !== undefined);
  return isAccount && !named.includes(defaultAccount) ? [defaultAccount, ...named] : named;
}

function configure(channel: Channel, section: ChannelSection, account: string): ConfiguredAccount {
  const fields = accountFields(channel.account);
  const { accounts: _accounts, ...shared } = section;
  const own = section.accounts?.[account] ?? {};
  // A token belongs to one account. The channel's own are those of the default one.
  const inherited = Object.entries(shared).filter(
    ([name]) => account === defaultAccount || !isSecretField(fields[name]),
  );
  const usual = Object.entries(fields).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value]],
  );
  const settings: AccountSection = { ...Object.fromEntries([...usual, ...inherited]), ...own };
  const at = (field: string) => settingPath({ channel: channel.id, account }, field, section);
  const missing = firstMissing(channel, settings);
  const lack = missing === undefined ? undefined : `${at(missing)} is not set`;
  const misnamed = nameProblem(channel, account);
  const problem = misnamed ?? lack ?? unfit(channel, settings, at) ?? torn(settings, at);
  return {
    channel,
    account,
    isEnabled: section.enabled !== false && own.enabled !== false,
    settings,
    ...(problem !== undefined && { problem }),
    ...(misnamed === undefined && missing !== undefined && isSecretField(fields[missing]) && { lacksSecret: true }),
    fingerprint: fingerprintOf(channel, settings),
  };
}

/** It becomes part of addresses, of session keys and of paths. */
function nameProblem({ id }: Channel, account: string): string | undefined {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(account)) return undefined;
  return `channels.${id}.accounts: an account's name has at most 64 lower-case letters, digits, - and _, which ${JSON.stringify(account.slice(0, 80))} has not`;
}

function firstMissing(channel: Channel, settings: AccountSection): string | undefined {
  const needed = Object.entries(accountFields(channel.account)).filter(([, schema]) => !KindGuard.IsOptional(schema));
  return needed.find(([name]) => isAbsent(settings[name]))?.[0];
}

/** A secret is empty where the file names a variable that is not there, which only those who look at settings bear. */
function isAbsent(value: unknown): boolean {
  return value === undefined || (value instanceof Secret && value.reveal() === "");
}

function unfit(channel: Channel, settings: AccountSection, at: (field: string) => string): string | undefined {
  const found = channel.check?.(settings);
  return found && `${at(found.field)} ${found.problem}`;
}

/** Two settings of one meaning that say different things. */
function torn(settings: AccountSection, at: (field: string) => string): string | undefined {
  const [table, ...ids] = disagreement(settings) ?? [];
  if (table === undefined) return undefined;
  return `${[at(table), ...ids].join(".")}: activation and require_mention disagree; set only one of them`;
}

function rivalOf(made: ConfiguredAccount, holders: Map<string, string>): string | undefined {
  const { channel, account, settings } = made;
  for (const [name, value] of Object.entries(settings)) {
    if (!isTokenField(name) || !(value instanceof Secret)) continue;
    const key = Bun.SHA256.hash(`${channel.id}\n${value.reveal()}`, "hex");
    const holder = holders.get(key);
    if (holder !== undefined) return `${settingPath({ channel: channel.id, account }, name)} is also that of ${holder}`;
    holders.set(key, `the account ${account}`);
  }
  return undefined;
}

/** A channel is given no other settings to read than its own; the rest the gateway reads anew whenever it needs them. */
function fingerprintOf(channel: Channel, all: AccountSection): string {
  const own = accountFields(channel.account);
  const settings = Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(own, name)));
  const text = JSON.stringify(settings, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return Bun.SHA256.hash(`${text}\n${secretsOf(settings).join("\n")}`, "hex");
}

/** JSON shows none of them. */
function secretsOf(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, item]) => secretsOf(item));
}

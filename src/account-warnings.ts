import {
  type Channel,
  type ChannelsSettings,
  type ConfiguredAccount,
  configuredAccounts,
  settingPath,
} from "#channels";

/** What of accounts is set so that it does something else than people mostly mean, as sentences. */
export function accountWarnings(
  available: readonly Channel[],
  settings: ChannelsSettings,
  session: { readonly dmScope: string },
): readonly string[] {
  return configuredAccounts(available, settings)
    .filter(({ isEnabled }) => isEnabled)
    .flatMap((one) => warningsOf(one, settings, session.dmScope));
}

function warningsOf(one: ConfiguredAccount, channels: ChannelsSettings, dmScope: string): readonly string[] {
  const { channel, account, problem, lacksSecret, settings } = one;
  if (lacksSecret) return [`${problem}, so the account ${account} of ${channel.id} is not opened.`];
  if (problem !== undefined) return [];
  const section = channels[channel.id];
  const at = (field: string) => settingPath({ channel: channel.id, account }, field, section);
  const doubts = channel.doubts?.(settings) ?? [];
  return [
    ...doubts.map(({ field, problem: strange }) => `${at(field)} ${strange}.`),
    ...doorWarnings(one, at, dmScope),
  ];
}

/** Nothing is said of the usual policy: a stranger gets a code, and an empty list keeps nobody from that. */
function doorWarnings(
  { settings }: ConfiguredAccount,
  at: (field: string) => string,
  dmScope: string,
): readonly string[] {
  const { dmPolicy, allowFrom = [] } = settings;
  const listed = "`openclaw pairing allow`";
  if (dmPolicy === "open" && !allowFrom.includes("*")) {
    return [`${at("dmPolicy")} is "open", but ${at("allowFrom")} has no "*", so strangers may not write directly.`];
  }
  if (dmPolicy === "open" && dmScope === "main") {
    return [
      `${at("dmPolicy")} lets everybody in while session.dm_scope is "main": strangers are in one conversation with each other and with you, and can ask for what was said there. Let session.dm_scope be "per-channel-peer".`,
    ];
  }
  if (dmPolicy === "allowlist" && allowFrom.length === 0) {
    return [`${at("allowFrom")} is empty, so nobody may write directly but whom ${listed} lets in.`];
  }
  return [];
}

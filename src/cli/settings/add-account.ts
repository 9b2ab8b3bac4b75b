import type { ChannelInfo, CliContext } from "../context.ts";
import { misuse } from "../failure.ts";
import { printAccountChange } from "./account-change.ts";
import { askSecrets, type SecretOptions } from "./ask-secrets.ts";
import { openForChange } from "./open-settings.ts";
import { parseSetting } from "./parse-setting.ts";
import { findGateway } from "./tell-gateway.ts";

export interface AddOptions extends SecretOptions {
  readonly channel: string;
  readonly account: string;
  readonly set: readonly string[];
  readonly config: string | undefined;
  readonly json: boolean;
}

export async function addAccount(context: CliContext, options: AddOptions): Promise<number> {
  const { channel: id, account } = options;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(account)) {
    throw misuse(`“${account}” is no name for an account.`, "Take lower-case letters, digits, - and _.");
  }
  const channel = await findChannel(context, id);
  const settings = readSettings(options.set, channel);
  const needed = channel.neededWith(settings);
  const written = { ...settings, ...(await askSecrets(context, channel, { ...options, needed })) };
  const gateway = await findGateway(context, options.config);
  const config = await openForChange(context, options);
  const section = account === "default" ? written : { accounts: { [account]: written } };
  const { changed } = await config.patch({ channels: { [id]: section } });
  return printAccountChange(context, { ...options, config, changed, gateway, did: "set" });
}

export async function findChannel(context: CliContext, id: string): Promise<ChannelInfo> {
  const available = await context.channels.available();
  const channel = available.find((one) => one.id === id);
  if (channel) return channel;
  const known = available.map((one) => one.id).join(", ") || "none";
  throw misuse(`There is no channel “${id}” to set.`, `These can be set: ${known}.`);
}

function readSettings(given: readonly string[], channel: ChannelInfo): Record<string, unknown> {
  const entries = given.map((text): [string, unknown] => {
    const at = text.indexOf("=");
    const name = text.slice(0, at);
    if (at < 1) throw misuse("--set wants key=value.", "Like --set mode=http.");
    if (channel.secrets.some((one) => one.name === name)) {
      throw misuse(`“${name}” is a secret, and others can see a command line.`, "Add --also, --stdin or --token-env.");
    }
    return [name, parseSetting(text.slice(at + 1))];
  });
  return Object.fromEntries(entries);
}

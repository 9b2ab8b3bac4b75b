import { Secret } from "#base";
import { accountFields, type Channel, channels, configuredAccounts, isSecretField } from "#channels";
import type { ChannelCommands } from "#cli";
import { type Home, openConfig, toSnake } from "#config";
import { KindGuard } from "@sinclair/typebox";
import { Settings } from "./settings.ts";

interface Installation {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: string | undefined;
}

const all: readonly Channel[] = channels;

export async function available(): ReturnType<ChannelCommands["available"]> {
  return all.flatMap((channel) => {
    const { id, label, account } = channel;
    if (!account) return [];
    const fields = Object.entries(accountFields(account));
    return {
      id,
      label,
      secrets: secretsOf(channel).map(([name, schema]) => ({
        name: toSnake(name),
        description: schema.description ?? "",
      })),
      neededWith: (settings: Readonly<Record<string, unknown>>) => {
        const given = fields.map(([name, { default: usual }]) => [name, settings[toSnake(name)] ?? usual] as const);
        return neededSecrets(channel, Object.fromEntries(given.filter(([, value]) => value !== undefined)));
      },
    };
  });
}

function secretsOf({ account }: Channel) {
  return Object.entries(accountFields(account)).filter(([, schema]) => isSecretField(schema));
}

/** Those that no account is without, and those that one with these settings lacks. */
function neededSecrets(channel: Channel, settings: Readonly<Record<string, unknown>>): readonly string[] {
  const secrets = secretsOf(channel);
  const names = secrets.filter(([, schema]) => !KindGuard.IsOptional(schema)).map(([name]) => name);
  for (;;) {
    const filled = { ...settings, ...Object.fromEntries(names.map((name) => [name, new Secret("to be given")])) };
    const lacking = channel.check?.(filled)?.field;
    const isSecret = lacking !== undefined && secrets.some(([name]) => name === lacking);
    if (!isSecret || names.includes(lacking)) return names.map(toSnake);
    names.push(lacking);
  }
}

export async function capabilities(): ReturnType<ChannelCommands["capabilities"]> {
  return all.map(({ id, label, account, text, abilities = [] }) => ({
    id,
    label,
    hasAccounts: account !== undefined,
    longestText: `${text.most} ${units[text.unit]}`,
    abilities,
  }));
}

const units: Readonly<Record<Channel["text"]["unit"], string>> = {
  bytes: "bytes",
  codePoints: "characters",
  utf16: "UTF-16 units",
};

export async function configured({ home, environment, file }: Installation): ReturnType<ChannelCommands["configured"]> {
  const { settings } = openConfig({ schema: Settings, home, environment, flags: {}, file, tolerates: "mistakes" });
  return configuredAccounts(all, settings.channels).map(({ channel, account, isEnabled, settings: own, problem }) => ({
    channel: channel.id,
    account,
    isEnabled,
    needs: neededSecrets(channel, own),
    ...(problem !== undefined && { problem }),
  }));
}

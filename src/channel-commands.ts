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
  return all.flatMap(({ id, label, account }) => {
    if (!account) return [];
    const secrets = Object.entries(accountFields(account)).filter(([, schema]) => isSecretField(schema));
    return {
      id,
      label,
      secrets: secrets.map(([name, schema]) => ({
        name: toSnake(name),
        description: schema.description ?? "",
        isNeeded: !KindGuard.IsOptional(schema),
      })),
    };
  });
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
  return configuredAccounts(all, settings.channels).map(({ channel, account, isEnabled, problem }) => ({
    channel: channel.id,
    account,
    isEnabled,
    ...(problem !== undefined && { problem }),
  }));
}

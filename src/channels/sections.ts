import { KindGuard, type TSchema, Type } from "@sinclair/typebox";
import type { Channel } from "./channel.ts";
import { type ChannelSettings, channelSettings } from "./settings.ts";

/** What somebody said of one account, or of the channel for all of its accounts. */
export type AccountSection = ChannelSettings & Readonly<Record<string, unknown>>;

/** `[channels.<id>]`. */
export type ChannelSection = AccountSection & { readonly accounts?: Readonly<Record<string, AccountSection>> };

/** The `[channels]` part of the configuration, by the channels' ids. */
export type ChannelsSettings = Readonly<Record<string, ChannelSection | undefined>>;

/** A table for every channel that has something to set. */
export function channelsSettings(channels: readonly Channel[]) {
  const sections = channels.flatMap(({ id, label, account }) => {
    if (!account) return [];
    const fields = { ...sectionFields(account), ...channelSettings };
    const accounts = Type.Record(Type.String(), Type.Object(fields), {
      description: `More accounts of ${label}, by a name of your choice. What one of them does not say counts as above; secrets do not.`,
    });
    return [[id, Type.Optional(Type.Object({ ...fields, accounts: Type.Optional(accounts) }))] as const];
  });
  return Type.Unsafe<ChannelsSettings>(Type.Object(Object.fromEntries(sections)));
}

/** The fields of a channel's own settings; none where it has nothing to set. */
export function accountFields(account: TSchema | undefined): Readonly<Record<string, TSchema>> {
  return account && KindGuard.IsObject(account) ? account.properties : {};
}

export function isSecretField(schema: TSchema | undefined): boolean {
  return schema?.["secret"] === true;
}

/** Nothing is needed and nothing has a default in a section: an account beats its channel only in what it says itself. */
function sectionFields(account: TSchema): Record<string, TSchema> {
  const fields = Object.entries(accountFields(account));
  return Object.fromEntries(fields.map(([name, schema]) => [name, Type.Optional(withoutDefault(schema))]));
}

function withoutDefault({ default: usual, ...schema }: TSchema): TSchema {
  if (usual === undefined) return schema;
  return { ...schema, description: `${schema.description ?? ""} ${JSON.stringify(usual)} unless set.`.trim() };
}

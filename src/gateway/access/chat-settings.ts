import { type ChannelSettings, type Place, type Told, toldOf } from "#channels";
import type { Address } from "#protocol";

type Chat = NonNullable<ChannelSettings["groups"]>[string];

export const everybody = "*";

/** What the settings say of a group, or of the thread of it. Where groups are named, those that are not are unknown. */
export interface ChatSettings {
  readonly isKnown: boolean;
  readonly told: Told;
}

export function chatSettings(
  place: Place,
  { chat, thread = place.mainThread }: Pick<Address, "chat" | "thread">,
  settings: ChannelSettings,
): ChatSettings {
  const { found, isKnown } = chatIn(place, chat, settings);
  return { isKnown, told: found ? toldOf(found, thread) : {} };
}

/** A thread belongs to its chat, a chat to its guild. */
function chatIn(
  { parentChat, guild }: Place,
  chat: string,
  { groups, channels, guilds = {} }: ChannelSettings,
): { readonly found?: Chat; readonly isKnown: boolean } {
  const named = { ...groups, ...channels };
  const [found] = [
    ...pick(named, [chat, parentChat]),
    ...pick(guilds, [guild]),
    ...pick(named, [everybody]),
    ...pick(guilds, [everybody]),
  ];
  if (found) return { found, isKnown: true };
  return { isKnown: Object.keys(named).length + Object.keys(guilds).length === 0 };
}

function pick(from: Readonly<Record<string, Chat>>, ids: readonly (string | undefined)[]) {
  const own = ids.filter((id) => id !== undefined && Object.hasOwn(from, id));
  return own.map((id) => from[id ?? ""]).filter((one) => one !== undefined);
}

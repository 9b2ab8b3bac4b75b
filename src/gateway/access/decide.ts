import { type Activation, activationIn, type ChannelSettings, type Place, type Sender } from "#channels";
import type { Address } from "#protocol";

export interface Question {
  readonly sender: Pick<Sender, "id" | "isBot">;
  readonly place: Place;
  /** The platform's id of the chat. */
  readonly chat: string;
  readonly settings: ChannelSettings;
  /** What was kept of the sender for this account: by a pairing, or by an operator who listed them. */
  readonly kept: "paired" | "listed" | undefined;
}

export type Access =
  | { readonly may: true; readonly because: "listed" | "paired" | "open" }
  | {
      readonly may: false;
      readonly because: "bot" | "noSender" | "disabled" | "notListed" | "notPaired" | "unknownGroup" | "groupDisabled";
    };

type GroupSettings = NonNullable<ChannelSettings["groups"]>[string];

/**
 * May this sender cause anything here? The same for everything that a platform tells us, whatever kind of update it is.
 * Closed unless something opens it: no list is an empty list, an empty list is nobody, and “*” is everybody only where
 * the policy is `open`. Only the platform's immutable id of the sender counts; a pairing opens direct chats alone.
 */
export function decide(question: Question): Access {
  const { sender, place } = question;
  if (sender.isBot) return no("bot");
  if (sender.id.trim() === "" || sender.id === everybody) return no("noSender");
  return place.kind === "direct" ? decideDirect(question) : decideGroup(question);
}

/** What starts a turn there, as the settings say; a thread beats its chat in what it says itself. */
export function configuredActivation(
  place: Place,
  { chat, thread = "" }: Pick<Address, "chat" | "thread">,
  settings: ChannelSettings,
): Activation {
  if (place.kind === "direct") return "always";
  const { topics = {}, ...found } = groupOf(place, chat, settings).found ?? {};
  const topic = Object.hasOwn(topics, thread) ? topics[thread] : undefined;
  return (topic && activationIn(topic)) ?? activationIn(found) ?? "mention";
}

const everybody = "*";

function decideDirect({ sender: { id }, settings, kept }: Question): Access {
  const { dmPolicy = "pairing", allowFrom = [] } = settings;
  if (dmPolicy === "disabled") return no("disabled");
  if (allowFrom.includes(id) || kept === "listed") return yes("listed");
  if (dmPolicy === "allowlist") return no("notListed");
  if (kept === "paired") return yes("paired");
  if (dmPolicy === "pairing") return no("notPaired");
  return allowFrom.includes(everybody) ? yes("open") : no("notListed");
}

function decideGroup({ sender: { id }, place, chat, settings }: Question): Access {
  const { groupPolicy = "allowlist", groupAllowFrom = [] } = settings;
  if (groupPolicy === "disabled") return no("disabled");
  const { found = {}, isKnown } = groupOf(place, chat, settings);
  if (!isKnown) return no("unknownGroup");
  if (found.enabled === false) return no("groupDisabled");
  const { allowFrom = groupPolicy === "open" ? [...groupAllowFrom, everybody] : groupAllowFrom } = found;
  if (allowFrom.includes(id)) return yes("listed");
  return groupPolicy === "open" && allowFrom.includes(everybody) ? yes("open") : no("notListed");
}

/** Where groups are named, those that are not are unknown. A thread belongs to its chat, a chat to its guild. */
function groupOf(
  { parentChat, guild }: Place,
  chat: string,
  { groups, channels, guilds = {} }: ChannelSettings,
): { readonly found?: GroupSettings; readonly isKnown: boolean } {
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

function pick(from: Readonly<Record<string, GroupSettings>>, ids: readonly (string | undefined)[]) {
  const own = ids.filter((id) => id !== undefined && Object.hasOwn(from, id));
  return own.map((id) => from[id ?? ""]).filter((one) => one !== undefined);
}

function yes(because: Extract<Access, { may: true }>["because"]): Access {
  return { may: true, because };
}

function no(because: Extract<Access, { may: false }>["because"]): Access {
  return { may: false, because };
}

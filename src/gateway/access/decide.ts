import type { Activation, ChannelSettings, Place, Sender } from "#channels";
import type { Address } from "#protocol";
import { chatSettings, everybody } from "./chat-settings.ts";

export interface Question {
  readonly sender: Pick<Sender, "id" | "isBot">;
  readonly place: Place;
  readonly from: Pick<Address, "chat" | "thread">;
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

/** What starts a turn there, as the settings say. */
export function configuredActivation(
  place: Place,
  from: Pick<Address, "chat" | "thread">,
  settings: ChannelSettings,
): Activation {
  if (place.kind === "direct") return "always";
  return chatSettings(place, from, settings).told.activation ?? "mention";
}

function decideDirect({ sender: { id }, settings, kept }: Question): Access {
  const { dmPolicy = "pairing", allowFrom = [] } = settings;
  if (dmPolicy === "disabled") return no("disabled");
  if (allowFrom.includes(id) || kept === "listed") return yes("listed");
  if (dmPolicy === "allowlist") return no("notListed");
  if (kept === "paired") return yes("paired");
  if (dmPolicy === "pairing") return no("notPaired");
  return allowFrom.includes(everybody) ? yes("open") : no("notListed");
}

function decideGroup({ sender: { id }, place, from, settings }: Question): Access {
  const { isKnown, told } = chatSettings(place, from, settings);
  const { groupPolicy = settings.groupPolicy ?? "allowlist" } = told;
  const { groupAllowFrom = [] } = settings;
  if (groupPolicy === "disabled") return no("disabled");
  if (!isKnown) return no("unknownGroup");
  if (told.enabled === false) return no("groupDisabled");
  const { allowFrom = groupPolicy === "open" ? [...groupAllowFrom, everybody] : groupAllowFrom } = told;
  if (allowFrom.includes(id)) return yes("listed");
  return groupPolicy === "open" && allowFrom.includes(everybody) ? yes("open") : no("notListed");
}

function yes(because: Extract<Access, { may: true }>["because"]): Access {
  return { may: true, because };
}

function no(because: Extract<Access, { may: false }>["because"]): Access {
  return { may: false, because };
}

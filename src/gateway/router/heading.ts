import type { Address } from "#protocol";
import type { InboundSettings } from "../settings.ts";
import { type BroadcastGroup, groupFor, participants } from "./broadcast.ts";
import { namedAmong } from "./mentions.ts";
import { targetOf } from "./passed-on.ts";
import { findRoute, type Traveller } from "./route.ts";
import { sessionKeyOf } from "./session-key-of.ts";

/** One agent's part of a message. */
export interface Share {
  readonly agentId: string;
  readonly sessionKey: string;
}

/** Where a message goes. */
export type Heading = ReturnType<typeof findRoute> & {
  /** The conversation that it belongs to by its route. */
  readonly sessionKey: string;
  /** Where it is passed on to. */
  readonly to: Address | undefined;
  /** Who hears it beside each other, where several do. */
  readonly group: BroadcastGroup | undefined;
  /** Who answers it. */
  readonly shares: readonly Share[];
  /** It names one of those who could answer. */
  readonly isNamed: boolean;
};

export function headingOf(
  traveller: Traveller & { readonly senderId: string },
  settings: InboundSettings,
  defaultAgentId: string,
): Heading {
  const found = findRoute(traveller, settings.bindings, defaultAgentId);
  const { route } = found;
  const group = groupFor(route, traveller.from, settings);
  const named = namedAmong(group?.agentIds ?? [route.agentId], traveller.text, settings);
  const agentIds = group ? participants(group, named) : [route.agentId];
  const sessionKey = sessionKeyOf(traveller, route.agentId, settings.session);
  const keyOf = (agentId: string) =>
    agentId === route.agentId ? sessionKey : sessionKeyOf(traveller, agentId, settings.session);
  return {
    ...found,
    sessionKey,
    to: targetOf(route, traveller.from),
    group,
    shares: agentIds.map((agentId) => ({ agentId, sessionKey: keyOf(agentId) })),
    isNamed: named.length > 0,
  };
}

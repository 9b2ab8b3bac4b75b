import type { Address } from "#protocol";
import type { InboundSettings } from "../settings.ts";
import { type BroadcastGroup, groupFor, participants } from "./broadcast.ts";
import { namedAmong } from "./mentions.ts";
import { targetOf } from "./passed-on.ts";
import { chatSettings } from "../access/chat-settings.ts";
import type { Line } from "../line.ts";
import { findRoute, type Traveller } from "./route.ts";
import { sessionKeyOf } from "./session-key-of.ts";

/** One agent's part of a message. */
export interface Share {
  readonly agentId: string;
  readonly sessionKey: string;
}

/** Where a message goes. */
export type Heading = ReturnType<typeof findRoute> & {
  /** The thread has an agent of its own, by this setting: more exact than any binding, and it answers alone. */
  readonly topic: { readonly agentId: string; readonly setting: string } | undefined;
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

/** Who answers where nothing says otherwise, and the account that the message came over, where it is open. */
interface Answering {
  readonly agentId: string;
  readonly line: Pick<Line, "settings"> | undefined;
}

export function headingOf(
  traveller: Traveller & { readonly senderId: string },
  settings: InboundSettings,
  { agentId: defaultAgentId, line }: Answering,
): Heading {
  const found = findRoute(traveller, settings.bindings, defaultAgentId);
  const topic = found.route.action === "agent" ? topicOf(traveller, line) : undefined;
  const route = topic ? { ...found.route, agentId: topic.agentId } : found.route;
  const group = topic ? undefined : groupFor(route, traveller.from, settings);
  const named = namedAmong(group?.agentIds ?? [route.agentId], traveller.text, settings);
  const agentIds = group ? participants(group, named) : [route.agentId];
  const sessionKey = sessionKeyOf(traveller, route.agentId, settings.session);
  const keyOf = (agentId: string) =>
    agentId === route.agentId ? sessionKey : sessionKeyOf(traveller, agentId, settings.session);
  return {
    ...found,
    route,
    topic,
    sessionKey,
    to: targetOf(route, traveller.from),
    group,
    shares: agentIds.map((agentId) => ({ agentId, sessionKey: keyOf(agentId) })),
    isNamed: named.length > 0,
  };
}

function topicOf({ from, place }: Traveller, line: Answering["line"]): Heading["topic"] {
  const { agent } = line && place.kind !== "direct" ? chatSettings(place, from, line.settings).told : {};
  return agent && { agentId: agent.id, setting: `topics.${agent.topic}.agent_id` };
}

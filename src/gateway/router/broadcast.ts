import type { Address } from "#protocol";
import type { BroadcastSettings, InboundSettings } from "../settings.ts";
import type { Route } from "./route.ts";

/** A chat whose messages several agents hear. */
export interface BroadcastGroup {
  readonly agentIds: readonly string[];
  /** Who is named answers alone. */
  readonly isGated: boolean;
  readonly strategy: BroadcastSettings["strategy"];
}

const ownKey = "strategy";

/** What the settings say of the chat, by its channel and id, or by its id alone. */
export function broadcastIn(
  { broadcast }: Pick<InboundSettings, "broadcast">,
  { channel, chat }: Pick<Address, "channel" | "chat">,
): BroadcastGroup | undefined {
  if (!broadcast) return undefined;
  const key = [`${channel}:${chat}`, chat].find((one) => one !== ownKey && Object.hasOwn(broadcast, one));
  const found = key === undefined ? undefined : broadcast[key];
  if (found === undefined || typeof found === "string") return undefined;
  const { agents, mentionGating = true } = "agents" in found ? found : { agents: found };
  return { agentIds: [...new Set(agents)], isGated: mentionGating, strategy: broadcast.strategy };
}

/** The group that hears a message, unless a binding says that no agent answers it. */
export function groupFor(
  { action }: Pick<Route, "action">,
  from: Pick<Address, "channel" | "chat">,
  settings: Pick<InboundSettings, "broadcast">,
): BroadcastGroup | undefined {
  return action === "agent" ? broadcastIn(settings, from) : undefined;
}

/** Those who answer: the named ones, or all where none is named. */
export function participants({ agentIds, isGated }: BroadcastGroup, named: readonly string[]): readonly string[] {
  return isGated && named.length > 0 ? agentIds.filter((id) => named.includes(id)) : agentIds;
}

/** What an agent's answers begin with in a chat where several answer as one account; undefined elsewhere. */
export function labelIn(
  settings: Pick<InboundSettings, "agents" | "broadcast">,
  agentId: string,
  to: Address,
): string | undefined {
  const group = broadcastIn(settings, to);
  if (!group || group.agentIds.length < 2 || !group.agentIds.includes(agentId)) return undefined;
  const name = settings.agents?.list.find(({ id }) => id === agentId)?.name ?? agentId;
  return `**${name.replaceAll(/[*\n]/g, " ").trim()}**`;
}

/** What is wrong with the groups, for the person who wrote them. */
export function checkBroadcast(broadcast: BroadcastSettings, agentIds: readonly string[]): readonly string[] {
  return Object.entries(broadcast).flatMap(([chat, group]) => {
    if (typeof group === "string") return [];
    const named = "agents" in group ? group.agents : group;
    return named
      .filter((id) => !agentIds.includes(id))
      .map((id) => `broadcast.“${chat}”: there is no agent “${id}”; there is ${agentIds.join(", ")}.`);
  });
}

import { Type } from "@sinclair/typebox";
import type { AnyMethod } from "../../method.ts";
import { logsTail } from "../../methods/logs.tail.ts";
import { systemInfo } from "../../methods/system.info.ts";
import { toolsCatalog } from "../../methods/tools.catalog.ts";
import type { Services } from "../../services.ts";
import { AgentId, agentOf, checkAgentId, readSessionKey, SessionKey } from "../../session-key.ts";
import { adapt, open, own } from "./adapter.ts";

const anything = Type.Object({}, open);
const ofAgent = Type.Object({ agentId: Type.Optional(AgentId), sessionKey: Type.Optional(SessionKey) }, open);

export const system: readonly AnyMethod[] = [
  own({
    name: "agent.identity.get",
    scope: "operator.read",
    params: ofAgent,
    handle: async (asked, { services }) => {
      const agentId = agentIn(asked, services);
      const name = services.agents().find(({ id }) => id === agentId)?.name;
      const named = name === undefined ? { name: "OpenClaw", nameSource: "default" } : { name, nameSource: "config" };
      return { agentId, ...named, avatarStatus: "none" };
    },
  }),
  adapt(logsTail, {
    params: Type.Object(logsTail.params.properties, open),
    ask: ({ cursor, limit, maxBytes }) => ({
      ...(cursor !== undefined && { cursor }),
      ...(limit !== undefined && { limit }),
      ...(maxBytes !== undefined && { maxBytes }),
    }),
    // Where the file lies is not for everybody who may read.
    answer: (tail) => ({ file: "gateway.log", ...tail }),
  }),
  adapt(systemInfo, {
    params: anything,
    ask: () => ({}),
    answer: ({ hostname, runtime, ...info }) => ({
      ...info,
      machineName: hostname,
      hostname,
      osLabel: `${info.platform} ${info.release}`,
      nodeVersion: runtime,
    }),
  }),
  adapt(toolsCatalog, {
    params: ofAgent,
    ask: (asked, { services }) => ({ agentId: agentIn(asked, services) }),
    answer: ({ tools }, { theirs, context }) => ({
      agentId: agentIn(theirs, context.services),
      profiles: [{ id: "full", label: "All" }],
      groups: [{ id: "core", label: "Built in", source: "core", tools: tools.map(toolEntry) }],
    }),
  }),
  own({
    name: "tools.effective",
    scope: toolsCatalog.scope,
    params: ofAgent,
    handle: async (asked, { services }) => {
      const agentId = agentIn(asked, services);
      const tools = services.tools(agentId).map(({ name, description }) => {
        return { id: name, label: name, description, rawDescription: description, source: "core" };
      });
      return {
        agentId,
        profile: "full",
        groups: [{ id: "core", label: "Built in", source: "core", tools }],
      };
    },
  }),
];

function toolEntry({ name, description }: { readonly name: string; readonly description: string }) {
  return { id: name, label: name, description, source: "core", defaultProfiles: ["full"] };
}

/** The agent that is asked about: named, or of the session, or the default one. */
function agentIn(asked: { readonly agentId?: string; readonly sessionKey?: string }, services: Services): string {
  if (asked.agentId === undefined && asked.sessionKey === undefined) return services.agentId;
  const agentId = asked.agentId ?? agentOf(readSessionKey(asked.sessionKey ?? "", services));
  checkAgentId(agentId, services);
  return agentId;
}

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { AgentListing } from "../services.ts";

export const agentsList = defineMethod({
  name: "agents.list",
  summary: "The agents there are, with their tools and the model that answers for each where a session chooses none.",
  scope: "operator.read",
  route: { verb: "GET", path: "/agents" },
  params: Type.Object({}, closed),
  result: Type.Object({
    defaultId: Type.String(),
    agents: Type.Array(Type.Object({ ...AgentListing.properties, tools: Type.Array(Type.String()) })),
  }),
  handle: async (_params, { services: { agentId, agents, tools } }) => ({
    defaultId: agentId,
    agents: agents().map((agent) => ({ ...agent, tools: tools(agent.id).map(({ name }) => name) })),
  }),
});

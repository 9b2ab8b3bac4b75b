import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ToolListing } from "../services.ts";
import { AgentId } from "../session-key.ts";

export const toolsCatalog = defineMethod({
  name: "tools.catalog",
  summary: "The tools that an agent has; the default one where none is named.",
  scope: "operator.read",
  route: { verb: "GET", path: "/tools" },
  params: Type.Object({ agentId: Type.Optional(AgentId) }, closed),
  result: Type.Object({ tools: Type.Array(ToolListing) }),
  handle: async ({ agentId }, { services }) => ({
    tools: services.tools(agentId).map(({ name, description }) => ({ name, description })),
  }),
});

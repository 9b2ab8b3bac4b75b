import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ToolListing } from "../services.ts";

export const toolsCatalog = defineMethod({
  name: "tools.catalog",
  summary: "The tools that the agent has.",
  scope: "operator.read",
  route: { verb: "GET", path: "/tools" },
  params: Type.Object({}, closed),
  result: Type.Object({ tools: Type.Array(ToolListing) }),
  handle: async (_params, { services }) => ({
    tools: services.tools().map(({ name, description }) => ({ name, description })),
  }),
});

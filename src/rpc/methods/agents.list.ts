import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const agentsList = defineMethod({
  name: "agents.list",
  summary: "The agents there are, and the model that answers for each where a session chooses none.",
  scope: "operator.read",
  route: { verb: "GET", path: "/agents" },
  params: Type.Object({}, closed),
  result: Type.Object({
    defaultId: Type.String(),
    agents: Type.Array(Type.Object({ id: Type.String(), model: Type.Optional(Type.String()) })),
  }),
  handle: async (_params, { services: { agentId, models } }) => {
    const model = models().find((one) => one.isDefault)?.id;
    return { defaultId: agentId, agents: [{ id: agentId, ...(model !== undefined && { model }) }] };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeId } from "../node-row.ts";

export const nodeRename = defineMethod({
  name: "node.rename",
  summary: "Gives a node a name of the operator's choice.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "PATCH", path: "/nodes/{nodeId}" },
  params: Type.Object({ nodeId: NodeId, displayName: Type.String({ minLength: 1, maxLength: 128 }) }, closed),
  result: Type.Object({ nodeId: Type.String(), displayName: Type.String() }),
  handle: async ({ nodeId, displayName }, context) => {
    await (await context.nodes()).rename(nodeId, displayName);
    return { nodeId, displayName };
  },
});

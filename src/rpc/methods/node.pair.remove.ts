import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeId } from "../node-row.ts";

export const nodePairRemove = defineMethod({
  name: "node.pair.remove",
  summary: "Takes back all that was approved of a node, and closes its connection.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "DELETE", path: "/nodes/{nodeId}" },
  params: Type.Object({ nodeId: NodeId }, closed),
  result: Type.Object({ nodeId: Type.String(), removed: Type.Literal(true) }),
  handle: async ({ nodeId }, context) => {
    await (await context.nodes()).remove(nodeId, context.caller);
    return { nodeId, removed: true as const };
  },
});

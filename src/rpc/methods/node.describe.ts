import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeDetails, NodeId } from "../node-row.ts";

export const nodeDescribe = defineMethod({
  name: "node.describe",
  summary: "One node, with what it offers and nobody has approved yet.",
  scope: "operator.read",
  route: { verb: "GET", path: "/nodes/{nodeId}" },
  params: Type.Object({ nodeId: NodeId }, closed),
  result: Type.Object({ ts: Type.Integer(), ...NodeDetails.properties }),
  handle: async ({ nodeId }, context) => ({ ts: Date.now(), ...(await (await context.nodes()).describe(nodeId)) }),
});

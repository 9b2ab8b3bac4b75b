import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { RequestId } from "../node-row.ts";

export const nodePairReject = defineMethod({
  name: "node.pair.reject",
  summary: "Rejects what a node offers; what was approved of it before stays.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/nodes/requests/{requestId}/reject" },
  params: Type.Object({ requestId: RequestId }, closed),
  result: Type.Object({ requestId: Type.String(), nodeId: Type.String() }),
  handle: async ({ requestId }, context) => ({
    requestId,
    nodeId: await (await context.nodes()).reject(requestId),
  }),
});

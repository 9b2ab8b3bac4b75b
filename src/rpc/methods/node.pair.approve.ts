import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeRow, RequestId } from "../node-row.ts";

export const nodePairApprove = defineMethod({
  name: "node.pair.approve",
  summary: "Approves what a node offers; commands that run programs ask for operator.admin.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/nodes/requests/{requestId}/approve" },
  params: Type.Object({ requestId: RequestId }, closed),
  result: Type.Object({ requestId: Type.String(), node: NodeRow }),
  handle: async ({ requestId }, context) => {
    const nodes = await context.nodes();
    return { requestId, node: await nodes.approve(requestId, context.caller) };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeRow, SurfaceRow } from "../node-row.ts";

export const nodePairList = defineMethod({
  name: "node.pair.list",
  summary: "What nodes offer and waits for approval, and the nodes of which something is approved.",
  scope: "operator.pairing",
  effect: "none",
  route: { verb: "GET", path: "/nodes/requests" },
  params: Type.Object({}, closed),
  result: Type.Object({ pending: Type.Array(SurfaceRow), paired: Type.Array(NodeRow) }),
  handle: async (_params, context) => (await context.nodes()).pairs(),
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeRow } from "../node-row.ts";

export const nodeList = defineMethod({
  name: "node.list",
  summary: "The machines that are paired as nodes, and which of them are connected.",
  scope: "operator.read",
  route: { verb: "GET", path: "/nodes" },
  params: Type.Object({}, closed),
  result: Type.Object({ ts: Type.Integer(), nodes: Type.Array(NodeRow) }),
  handle: async (_params, context) => ({ ts: Date.now(), nodes: await (await context.nodes()).list() }),
});

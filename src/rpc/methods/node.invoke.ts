import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { NodeId } from "../node-row.ts";

export const longestInvokeMs = 600_000;

export const nodeInvoke = defineMethod({
  name: "node.invoke",
  summary:
    "Asks a node to run one of its approved commands, and answers with what it answers; some ask for operator.admin.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/nodes/{nodeId}/invoke" },
  params: Type.Object(
    {
      nodeId: NodeId,
      command: Type.String({ minLength: 1, maxLength: 128 }),
      params: Type.Optional(Type.Unknown()),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: longestInvokeMs, default: 30_000 })),
      idempotencyKey: Type.Optional(
        Type.String({ minLength: 1, maxLength: 256, description: "Sent again, it gets the first answer once more." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    ok: Type.Literal(true),
    nodeId: Type.String(),
    command: Type.String(),
    payload: Type.Unknown({ description: "Null when the node answered with nothing, or with no JSON." }),
    payloadJSON: Type.Union([Type.String(), Type.Null()], { description: "As the node wrote it." }),
  }),
  handle: async (asked, context) => {
    const nodes = await context.nodes();
    const { payload, payloadJson } = await nodes.invoke(
      { ...asked, memory: context.services.gateway },
      context.caller,
      context.signal,
    );
    const { nodeId, command } = asked;
    return { ok: true as const, nodeId, command, payload, payloadJSON: payloadJson };
  },
});

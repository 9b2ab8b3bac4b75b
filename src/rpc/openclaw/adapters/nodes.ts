import { Type } from "@sinclair/typebox";
import { type AnyMethod } from "../../method.ts";
import { nodeDescribe } from "../../methods/node.describe.ts";
import { longestInvokeMs, nodeInvoke } from "../../methods/node.invoke.ts";
import { nodeList } from "../../methods/node.list.ts";
import { nodePairApprove } from "../../methods/node.pair.approve.ts";
import { nodePairList } from "../../methods/node.pair.list.ts";
import { nodePairReject } from "../../methods/node.pair.reject.ts";
import { nodePairRemove } from "../../methods/node.pair.remove.ts";
import { nodeRename } from "../../methods/node.rename.ts";
import { adapt, open } from "./adapter.ts";

const { params: invokeParams } = nodeInvoke;

/** What operators do with nodes; both dialects have the same words for it. */
export const nodes: readonly AnyMethod[] = [
  nodeDescribe,
  adapt(nodeInvoke, {
    params: Type.Object({ ...invokeParams.properties, timeoutMs: Type.Optional(Type.Integer({ minimum: 0 })) }, open),
    ask: ({ nodeId, command, params, timeoutMs, idempotencyKey }) => ({
      nodeId,
      command,
      ...(params !== undefined && { params }),
      // Who wants to wait for ever waits as long as anybody may.
      ...(timeoutMs !== undefined && { timeoutMs: Math.min(timeoutMs || longestInvokeMs, longestInvokeMs) }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }),
    answer: (answer) => answer,
  }),
  nodeList,
  nodePairApprove,
  nodePairList,
  nodePairReject,
  nodePairRemove,
  nodeRename,
];

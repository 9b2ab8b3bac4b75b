import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const nodesDescribe = defineCommand({
  path: ["nodes", "describe"],
  summary: "Show one node: what it may be asked for, and what waits for approval.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { node: { description: "The node's id, the beginning of it, or its name." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, { findNode }, { printNode }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../client/find-node.ts"),
      import("../reports/nodes.ts"),
    ]);
    using client = await openClient(context, options);
    const nodeId = await findNode(context, client, positionals.node);
    const answer = await client.call("node.describe", { nodeId }, { signal: context.signal });
    return await printNode(context, answer, options.json);
  },
});

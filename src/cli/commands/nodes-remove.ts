import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const nodesRemove = defineCommand({
  path: ["nodes", "remove"],
  summary: "Take back all that was approved of a node; it stays paired as a device.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { node: { description: "The node's id, the beginning of it, or its name." } },
  async run(context, { options, positionals: { node } }) {
    const [{ openClient }, { findNode }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../client/find-node.ts"),
    ]);
    using client = await openClient(context, options);
    const nodeId = await findNode(context, client, node);
    const answer = await client.call("node.pair.remove", { nodeId }, { signal: context.signal });
    await context.stdout.write(
      options.json ? `${safeJson(answer)}\n` : `Nothing of ${safeLine(node)} is approved any more.\n`,
    );
    return 0;
  },
});

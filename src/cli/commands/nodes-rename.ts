import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const nodesRename = defineCommand({
  path: ["nodes", "rename"],
  summary: "Give a node a name.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {
    node: { description: "The node's id, the beginning of it, or its name." },
    name: { description: "Its new name." },
  },
  async run(context, { options, positionals: { node, name } }) {
    const [{ openClient }, { findNode }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../client/find-node.ts"),
    ]);
    using client = await openClient(context, options);
    const nodeId = await findNode(context, client, node);
    const answer = await client.call("node.rename", { nodeId, displayName: name }, { signal: context.signal });
    await context.stdout.write(
      options.json ? `${safeJson(answer)}\n` : `${safeLine(nodeId)} is called ${safeLine(name)} now.\n`,
    );
    return 0;
  },
});

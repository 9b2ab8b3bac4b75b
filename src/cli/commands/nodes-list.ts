import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const nodesList = defineCommand({
  path: ["nodes", "list"],
  summary: "List the machines that are paired as nodes.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printNodes }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/nodes.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("node.list", {}, { signal: context.signal });
    return await printNodes(context, answer, options.json);
  },
});

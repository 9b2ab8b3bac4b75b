import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const nodesPending = defineCommand({
  path: ["nodes", "pending"],
  summary: "List what nodes offer and waits for approval.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printPending }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/nodes.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("node.pair.list", {}, { signal: context.signal });
    return await printPending(context, answer, options.json);
  },
});

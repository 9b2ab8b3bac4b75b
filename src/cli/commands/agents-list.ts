import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const agentsList = defineCommand({
  path: ["agents", "list"],
  summary: "List the agents, the model that answers for each, and their tools.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printAgents }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/agents.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("agents.list", {}, { signal: context.signal });
    return await printAgents(context, answer, options.json);
  },
});

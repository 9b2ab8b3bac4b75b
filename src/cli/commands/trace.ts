import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const trace = defineCommand({
  path: ["trace"],
  summary: "Show what became of a message: each step with its time, what it cost, and what is still owed.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { id: { description: "Of a run or a message, or the platform's of one received or sent." } },
  async run(context, { options, positionals: { id } }) {
    const [{ openClient }, { printTraces }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/traces.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("messages.trace", { id }, { signal: context.signal });
    return await printTraces(context, answer, options.json);
  },
});

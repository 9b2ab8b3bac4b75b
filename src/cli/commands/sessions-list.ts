import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const sessionsList = defineCommand({
  path: ["sessions", "list"],
  summary: "List the conversations, the newest first.",
  options: {
    ...clientOptions,
    ...jsonOption,
    limit: { type: "integer", placeholder: "n", least: 1, most: 500, default: 50, description: "At most so many." },
  },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printSessions }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/sessions.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("sessions.list", { limit: options.limit }, { signal: context.signal });
    return await printSessions(context, answer, options.json);
  },
});

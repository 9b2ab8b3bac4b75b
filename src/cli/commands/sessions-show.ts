import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const sessionsShow = defineCommand({
  path: ["sessions", "show"],
  summary: "Print the newest messages of a conversation.",
  options: {
    ...clientOptions,
    ...jsonOption,
    limit: { type: "integer", placeholder: "n", least: 1, most: 500, default: 50, description: "At most so many." },
  },
  positionals: { key: { description: "The session's key, as `openclaw sessions list` shows it." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, { printHistory }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/history.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { sessionKey: positionals.key, limit: options.limit };
    const answer = await client.call("chat.history", params, { signal: context.signal });
    return await printHistory(context, answer, options.json);
  },
});

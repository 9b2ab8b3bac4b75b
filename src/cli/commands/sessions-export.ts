import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const sessionsExport = defineCommand({
  path: ["sessions", "export"],
  summary: "Write everything that happened in a conversation, one JSON event a line.",
  options: {
    ...clientOptions,
    ...jsonOption,
    out: { type: "string", short: "o", placeholder: "file", description: "Write to this file, not to stdout." },
  },
  positionals: { key: { description: "The session's key, as `openclaw sessions list` shows it." } },
  examples: ["openclaw sessions export main --out main.jsonl"],
  async run(context, { options, positionals }) {
    const [{ openClient }, { exportSession }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/export.ts"),
    ]);
    using client = await openClient(context, options);
    const { out, json } = options;
    return await exportSession({ context, client }, { sessionKey: positionals.key, out, json });
  },
});

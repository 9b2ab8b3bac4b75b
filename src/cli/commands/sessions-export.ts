import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const sessionsExport = defineCommand({
  path: ["sessions", "export"],
  summary: "Write everything that happened in a conversation, one JSON document a line.",
  options: {
    ...clientOptions,
    ...jsonOption,
    format: {
      type: "string",
      placeholder: "form",
      choices: ["events", "jsonl"],
      default: "events",
      description: "The raw events, or OpenClaw's own transcript format, which can be imported again.",
    },
    out: { type: "string", short: "o", placeholder: "file", description: "Write to this file, not to stdout." },
    session: { type: "string", placeholder: "id", description: "As jsonl, a session that the key had before a reset." },
  },
  positionals: { key: { description: "The session's key, as `openclaw sessions list` shows it." } },
  examples: ["openclaw sessions export main --out main.jsonl", "openclaw sessions export main --format jsonl"],
  async run(context, { options, positionals }) {
    const [{ openClient }, { exportSession }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/export.ts"),
    ]);
    using client = await openClient(context, options);
    const { out, json, format, session: sessionId } = options;
    return await exportSession({ context, client }, { sessionKey: positionals.key, out, json, format, sessionId });
  },
});

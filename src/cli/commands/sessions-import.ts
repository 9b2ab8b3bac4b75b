import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const sessionsImport = defineCommand({
  path: ["sessions", "import"],
  summary: "Make a conversation of an OpenClaw transcript file (JSONL): all of it, or nothing.",
  options: {
    ...clientOptions,
    ...jsonOption,
    key: { type: "string", placeholder: "key", description: "Under this key, not the one that the file names." },
  },
  positionals: { file: { description: "The file." } },
  examples: ["openclaw sessions import main.jsonl", "openclaw sessions import 4f1d.jsonl --key old-main"],
  async run(context, { options, positionals }) {
    const [{ openClient }, { importSession }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/import.ts"),
    ]);
    using client = await openClient(context, options);
    const { key, json: isJson } = options;
    return await importSession({ context, client }, { file: positionals.file, key, isJson });
  },
});

import { configOption, defineCommand, jsonOption } from "../command.ts";

export const storageInfo = defineCommand({
  path: ["storage", "info"],
  summary: "Tell where the sessions are kept, and how much there is.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { printStorage } = await import("../reports/storage.ts");
    return printStorage(context, await context.storage.count(options.config), options.json);
  },
});

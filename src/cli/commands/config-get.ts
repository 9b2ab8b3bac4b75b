import { configOption, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeText } from "../safe-text.ts";

export const configGet = defineCommand({
  path: ["config", "get"],
  summary: "Print the settings that count, or one of them.",
  options: { ...configOption, ...jsonOption },
  positionals: { path: { description: "Like gateway.port; all of them without it.", optional: true } },
  async run(context, { options, positionals: { path } }) {
    const { openSettings } = await import("../settings/open-settings.ts");
    const config = await openSettings(context, options);
    const value = path === undefined ? config.view() : config.get(path);
    const isText = typeof value === "string" && !options.json;
    await context.stdout.write(`${isText ? safeText(value) : safeJson(value)}\n`);
    return 0;
  },
});

import { configOption, defineCommand, jsonOption } from "../command.ts";
import { safeJson } from "../safe-text.ts";

export const configSchema = defineCommand({
  path: ["config", "schema"],
  summary: "Print the JSON Schema of the settings.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { openSettings } = await import("../settings/open-settings.ts");
    const config = await openSettings(context, options);
    await context.stdout.write(`${safeJson(config.schema())}\n`);
    return 0;
  },
});

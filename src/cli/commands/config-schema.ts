import { configOption, defineCommand, jsonOption } from "../command.ts";
import { safeJson } from "../safe-text.ts";

export const configSchema = defineCommand({
  path: ["config", "schema"],
  summary: "Print the JSON Schema of the settings.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { schema } = await context.locateConfig(options.config);
    await context.stdout.write(`${safeJson(schema)}\n`);
    return 0;
  },
});

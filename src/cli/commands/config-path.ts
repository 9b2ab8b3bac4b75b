import { configOption, defineCommand, jsonOption } from "../command.ts";

export const configPath = defineCommand({
  path: ["config", "path"],
  summary: "Print which file holds the settings.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { file } = await context.locateConfig(options.config);
    await context.stdout.write(options.json ? `${JSON.stringify({ file })}\n` : `${file}\n`);
    return 0;
  },
});

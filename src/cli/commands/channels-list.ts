import { configOption, defineCommand, jsonOption } from "../command.ts";

export const channelsList = defineCommand({
  path: ["channels", "list"],
  summary: "List the accounts of the settings, and the channels that can be set; no gateway is needed.",
  options: { ...configOption, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { printConfigured } = await import("../reports/channels.ts");
    const available = await context.channels.available();
    const accounts = await context.channels.configured(options.config);
    return printConfigured(context, { available, accounts, json: options.json });
  },
});

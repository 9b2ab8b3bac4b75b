import { defineCommand, jsonOption } from "../command.ts";

export const channelsCapabilities = defineCommand({
  path: ["channels", "capabilities"],
  summary: "Show what each channel can do; no gateway is needed.",
  options: { ...jsonOption },
  positionals: { channel: { description: "This one alone.", optional: true } },
  async run(context, { options, positionals: { channel } }) {
    const { printCapabilities } = await import("../reports/capabilities.ts");
    return printCapabilities(context, { channel, json: options.json });
  },
});

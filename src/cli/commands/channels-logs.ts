import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

export const channelsLogs = defineCommand({
  path: ["channels", "logs"],
  summary: "Show the lines of the gateway's log that are about channels.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "Of this account alone." },
    channel: { type: "string", placeholder: "name", description: "Of this channel alone." },
    follow: { type: "boolean", short: "f", description: "Go on showing them until Ctrl-C." },
    lines: { type: "integer", placeholder: "n", least: 1, most: 5_000, default: 100, description: "At most so many." },
  },
  positionals: {},
  async run(context, { options }) {
    if (options.follow && options.json) throw misuse("--json prints one document, --follow has no end.", "Take one.");
    const [{ openClient }, { printChannelLogs }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/channel-logs.ts"),
    ]);
    using client = await openClient(context, options);
    return await printChannelLogs(context, client, options);
  },
});

import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";

/** The gateway answers first when the time is over, because it knows more. */
const graceMs = 5_000;

export const channelsStatus = defineCommand({
  path: ["channels", "status"],
  summary: "Show how the line to each account is, as the gateway that runs knows it.",
  options: {
    ...clientOptions,
    ...jsonOption,
    probe: { type: "boolean", description: "Ask each platform who we are there." },
    timeout: { ...timeoutOption.timeout, default: 10_000, most: 30_000 },
  },
  positionals: { channel: { description: "This one alone.", optional: true } },
  async run(context, { options, positionals: { channel } }) {
    const [{ openClient }, { printStatus }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/channels.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { ...(channel !== undefined && { channel }), probe: options.probe, timeoutMs: options.timeout };
    const how = { timeoutMs: options.timeout + graceMs, signal: context.signal };
    const answer = await client.call("channels.status", params, how);
    return await printStatus(context, answer, options.json);
  },
});

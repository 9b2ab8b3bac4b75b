import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";

export const status = defineCommand({
  path: ["status"],
  summary: "Show what the running gateway is and does.",
  options: { ...clientOptions, ...jsonOption, ...timeoutOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printStatus }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/status.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("status", {}, { timeoutMs: options.timeout, signal: context.signal });
    return await printStatus(context, answer, options.json);
  },
});

import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";

export const health = defineCommand({
  path: ["health"],
  summary: "Ask the gateway how its parts are; exit code 1 when it cannot work.",
  options: { ...clientOptions, ...jsonOption, ...timeoutOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printHealth }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/health.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("health", {}, { timeoutMs: options.timeout, signal: context.signal });
    return await printHealth(context, answer, options.json);
  },
});

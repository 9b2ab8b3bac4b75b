import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const configReload = defineCommand({
  path: ["config", "reload"],
  summary: "Let the gateway that runs read its settings file again, which somebody has edited.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, { printReloaded }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/reloaded.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("config.reload", {}, { signal: context.signal });
    return await printReloaded(context, answer, options.json);
  },
});

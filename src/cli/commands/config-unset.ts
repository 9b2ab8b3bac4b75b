import { configOption, defineCommand, jsonOption } from "../command.ts";

export const configUnset = defineCommand({
  path: ["config", "unset"],
  summary: "Take one setting out of the file, so that its default counts.",
  options: { ...configOption, ...jsonOption },
  positionals: { path: { description: "Like gateway.port." } },
  async run(context, { options, positionals: { path } }) {
    const [{ openForChange, printChange }, { findGateway }] = await Promise.all([
      import("../settings/open-settings.ts"),
      import("../settings/tell-gateway.ts"),
    ]);
    const gateway = await findGateway(context, options.config);
    const config = await openForChange(context, { ...options, isStrict: true });
    return printChange(context, { config, change: await config.unset(path), path, gateway, json: options.json });
  },
});

import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesSetupCode = defineCommand({
  path: ["devices", "setup-code"],
  summary: "Print a code that pairs one device, once, within ten minutes.",
  options: {
    ...clientOptions,
    ...jsonOption,
    access: {
      type: "string",
      placeholder: "access",
      choices: ["full", "limited", "node"],
      default: "limited",
      description: "What the device may do.",
    },
  },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { access: options.access };
    const answer = await client.call("device.pair.setupCode", params, { signal: context.signal });
    return await devices.printSetupCode(context, answer, options.json);
  },
});

import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesList = defineCommand({
  path: ["devices", "list"],
  summary: "List the devices that are paired, and those that wait for a yes.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call("device.pair.list", {}, { signal: context.signal });
    return await devices.printDevices(context, answer, options.json);
  },
});

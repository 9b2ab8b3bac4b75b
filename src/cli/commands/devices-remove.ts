import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesRemove = defineCommand({
  path: ["devices", "remove"],
  summary: "Forget a device, and close its connections.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { device: { description: "Its id, the beginning of it, or its name." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const deviceId = await devices.findDevice(client, positionals.device, context.signal);
    const answer = await client.call("device.pair.remove", { deviceId }, { signal: context.signal });
    return await devices.printDone(context, answer, {
      said: "Removed; its connections are closed.",
      json: options.json,
    });
  },
});

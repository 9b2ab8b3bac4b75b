import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesRename = defineCommand({
  path: ["devices", "rename"],
  summary: "Give a device a name.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {
    device: { description: "Its id, the beginning of it, or its name." },
    name: { description: "At most 64 characters." },
  },
  async run(context, { options, positionals }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const deviceId = await devices.findDevice(client, positionals.device, context.signal);
    const answer = await client.call(
      "device.pair.rename",
      { deviceId, label: positionals.name },
      { signal: context.signal },
    );
    return await devices.printDone(context, answer, { said: "Renamed.", json: options.json });
  },
});

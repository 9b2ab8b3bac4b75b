import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesRotate = defineCommand({
  path: ["devices", "rotate"],
  summary: "Make the token of a device worthless, and give it another one.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {
    device: { description: "Its id, the beginning of it, or its name." },
    role: { description: "operator (the default) or node.", optional: true },
  },
  async run(context, { options, positionals }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const deviceId = await devices.findDevice(client, positionals.device, context.signal);
    const params = { deviceId, role: positionals.role ?? "operator" };
    const answer = await client.call("device.token.rotate", params, { signal: context.signal });
    return await devices.printDone(context, answer, {
      said: "Rotated; the device is told the new token when it shows the shared secret again.",
      json: options.json,
    });
  },
});

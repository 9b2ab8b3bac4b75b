import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesRevoke = defineCommand({
  path: ["devices", "revoke"],
  summary: "Take a role from a device, until somebody approves it again.",
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
    const answer = await client.call("device.token.revoke", params, { signal: context.signal });
    return await devices.printDone(context, answer, {
      said: "Revoked; its connections are closed.",
      json: options.json,
    });
  },
});

import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesApprove = defineCommand({
  path: ["devices", "approve"],
  summary: "Let a device in that waits.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { request: { description: "The id of the request, as `openclaw devices list` shows it." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call(
      "device.pair.approve",
      { requestId: positionals.request },
      { signal: context.signal },
    );
    return await devices.printDone(context, answer, {
      said: "Approved; the device comes in with its next try.",
      json: options.json,
    });
  },
});

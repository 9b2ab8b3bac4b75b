import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const devicesReject = defineCommand({
  path: ["devices", "reject"],
  summary: "Turn a device away that waits.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { request: { description: "The id of the request, as `openclaw devices list` shows it." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, devices] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/devices.ts"),
    ]);
    using client = await openClient(context, options);
    const answer = await client.call(
      "device.pair.reject",
      { requestId: positionals.request },
      { signal: context.signal },
    );
    return await devices.printDone(context, answer, { said: "Rejected.", json: options.json });
  },
});

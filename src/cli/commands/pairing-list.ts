import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const pairingList = defineCommand({
  path: ["pairing", "list"],
  summary: "List the people of the channels who wait to be let in, and those who were.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "Of this account alone." },
  },
  positionals: { channel: { description: "Of this channel alone.", optional: true } },
  async run(context, { options, positionals: { channel } }) {
    const [{ openClient }, { printPairing }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/pairing.ts"),
    ]);
    using client = await openClient(context, options);
    const { account } = options;
    const params = { ...(channel !== undefined && { channel }), ...(account !== undefined && { account }) };
    const answer = await client.call("pairing.list", params, { signal: context.signal });
    return await printPairing(context, answer, options.json);
  },
});

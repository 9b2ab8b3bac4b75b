import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const channelsStop = defineCommand({
  path: ["channels", "stop"],
  summary: "Close the accounts of a channel, or one of them, until they are started again.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: {
      type: "string",
      placeholder: "name",
      description: "Its name in the settings; all of the channel when left out.",
    },
  },
  positionals: { channel: { description: "Like telegram." } },
  async run(context, { options, positionals: { channel } }) {
    const [{ openClient }, { printAccounts }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/channels.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { channel, ...(options.account !== undefined && { account: options.account }) };
    const answer = await client.call("channels.stop", params, { signal: context.signal });
    return await printAccounts(context, answer, options.json);
  },
});

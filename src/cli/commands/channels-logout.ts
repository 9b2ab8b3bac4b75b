import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const channelsLogout = defineCommand({
  path: ["channels", "logout"],
  summary: "Close an account and take its tokens out of the settings file.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "Its name in the settings; default when left out." },
  },
  positionals: { channel: { description: "Like telegram." } },
  async run(context, { options, positionals: { channel } }) {
    const [{ openClient }, { printLoggedOut }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/channels.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { channel, ...(options.account !== undefined && { account: options.account }) };
    const answer = await client.call("channels.logout", params, { signal: context.signal });
    return await printLoggedOut(context, answer, options.json);
  },
});

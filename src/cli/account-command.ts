import { clientOptions, defineCommand, jsonOption } from "./command.ts";

/** `channels <word>`: a method of that name, asked of one account or of all that a channel has. */
export function accountCommand(word: "restart" | "start" | "stop", summary: string) {
  return defineCommand({
    path: ["channels", word],
    summary,
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
        import("./client/open-client.ts"),
        import("./reports/channels.ts"),
      ]);
      using client = await openClient(context, options);
      const params = { channel, ...(options.account !== undefined && { account: options.account }) };
      const answer = await client.call(`channels.${word}`, params, { signal: context.signal });
      return await printAccounts(context, answer, options.json);
    },
  });
}

import { clientOptions, defineCommand, jsonOption } from "./command.ts";
import { safeJson, safeLine } from "./safe-text.ts";

/** `pairing <word>`: a method of that name, asked of somebody by the platform's id of them. */
export function personCommand(word: "allow" | "remove", texts: { readonly summary: string; readonly said: string }) {
  return defineCommand({
    path: ["pairing", word],
    summary: texts.summary,
    options: {
      ...clientOptions,
      ...jsonOption,
      account: { type: "string", placeholder: "name", description: "The account; `default` when left out." },
    },
    positionals: { channel: { description: "The channel." }, sender: { description: "The platform's id of them." } },
    async run(context, { options, positionals: { channel, sender: senderId } }) {
      const { openClient } = await import("./client/open-client.ts");
      using client = await openClient(context, options);
      const account = options.account === undefined ? {} : { account: options.account };
      const params = { channel, senderId, ...account };
      const answer = await client.call(`pairing.${word}`, params, { signal: context.signal });
      await context.stdout.write(
        options.json ? `${safeJson(answer)}\n` : `${safeLine(senderId)} ${texts.said} ${safeLine(channel)}.\n`,
      );
      return 0;
    },
  });
}

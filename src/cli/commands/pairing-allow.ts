import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const pairingAllow = defineCommand({
  path: ["pairing", "allow"],
  summary: "Let somebody in by the platform's id of them, without a code.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "The account; `default` when left out." },
  },
  positionals: { channel: { description: "The channel." }, sender: { description: "The platform's id of them." } },
  async run(context, { options, positionals: { channel, sender: senderId } }) {
    const { openClient } = await import("../client/open-client.ts");
    using client = await openClient(context, options);
    const account = options.account === undefined ? {} : { account: options.account };
    const answer = await client.call("pairing.allow", { channel, senderId, ...account }, { signal: context.signal });
    await context.stdout.write(
      options.json ? `${safeJson(answer)}\n` : `${safeLine(senderId)} may write to ${safeLine(channel)}.\n`,
    );
    return 0;
  },
});

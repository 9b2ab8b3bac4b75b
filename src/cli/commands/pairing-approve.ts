import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const pairingApprove = defineCommand({
  path: ["pairing", "approve"],
  summary: "Let somebody in by the code that they were told; the first one becomes the owner.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "Of this account alone." },
    notify: { type: "boolean", description: "Tell them in the chat where they were told the code." },
  },
  positionals: { channel: { description: "The channel." }, code: { description: "The code." } },
  async run(context, { options, positionals: { channel, code } }) {
    const [{ openClient }, { printApproved }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/pairing.ts"),
    ]);
    using client = await openClient(context, options);
    const account = options.account === undefined ? {} : { account: options.account };
    const params = { channel, code, ...account, notify: options.notify, ownsIfFirst: true };
    const answer = await client.call("pairing.approve", params, { signal: context.signal });
    return await printApproved(context, answer, options.json);
  },
});

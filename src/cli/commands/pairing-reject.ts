import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const pairingReject = defineCommand({
  path: ["pairing", "reject"],
  summary: "Turn somebody away who waits to be let in.",
  options: {
    ...clientOptions,
    ...jsonOption,
    account: { type: "string", placeholder: "name", description: "Of this account alone." },
  },
  positionals: { channel: { description: "The channel." }, code: { description: "The code." } },
  async run(context, { options, positionals: { channel, code } }) {
    const [{ openClient }, { printPerson }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/pairing.ts"),
    ]);
    using client = await openClient(context, options);
    const account = options.account === undefined ? {} : { account: options.account };
    const answer = await client.call("pairing.reject", { channel, code, ...account }, { signal: context.signal });
    return await printPerson(context, answer, { said: "was turned away", json: options.json });
  },
});

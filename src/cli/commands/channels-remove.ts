import { configOption, defineCommand, jsonOption } from "../command.ts";

export const channelsRemove = defineCommand({
  path: ["channels", "remove"],
  summary: "Take an account out of the settings; a gateway that runs closes it at once.",
  options: {
    ...configOption,
    ...jsonOption,
    account: { type: "string", placeholder: "name", default: "default", description: "Its name in the settings." },
  },
  positionals: { channel: { description: "Like telegram." } },
  async run(context, { options, positionals: { channel } }) {
    const { removeAccount } = await import("../settings/remove-account.ts");
    return removeAccount(context, { ...options, channel });
  },
});

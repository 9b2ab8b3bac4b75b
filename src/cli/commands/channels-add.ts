import { configOption, defineCommand, jsonOption } from "../command.ts";

export const channelsAdd = defineCommand({
  path: ["channels", "add"],
  summary: "Write an account of a channel into the settings; a gateway that runs opens it at once.",
  options: {
    ...configOption,
    ...jsonOption,
    account: { type: "string", placeholder: "name", default: "default", description: "A name of your choice." },
    also: { type: "strings", placeholder: "secret", description: "Ask for this secret too, like app_token." },
    set: { type: "strings", placeholder: "key=value", description: "One more setting, like mode=http; no secrets." },
    stdin: { type: "boolean", description: "Read the secrets from stdin, one a line in the order asked for." },
    tokenEnv: {
      type: "strings",
      placeholder: "name",
      description: "Variable that holds the token, or <secret>=<variable>; the file keeps the name alone.",
    },
  },
  positionals: { channel: { description: "Like telegram; `openclaw channels list` shows which there are." } },
  examples: [
    "openclaw channels add telegram --stdin < token.txt",
    "openclaw channels add telegram --account work --token-env WORK_BOT_TOKEN",
  ],
  async run(context, { options, positionals: { channel } }) {
    const { addAccount } = await import("../settings/add-account.ts");
    return addAccount(context, { ...options, channel });
  },
});

import { configOption, defineCommand, jsonOption, timeoutOption } from "../command.ts";

export const channelsLogin = defineCommand({
  path: ["channels", "login"],
  summary: "Give an account of the settings another token; a gateway that runs tries it at once.",
  options: {
    ...configOption,
    ...jsonOption,
    account: { type: "string", placeholder: "name", default: "default", description: "Its name in the settings." },
    also: { type: "strings", placeholder: "secret", description: "Ask for this secret too, like app_token." },
    stdin: { type: "boolean", description: "Read the secrets from stdin, one a line in the order asked for." },
    timeout: { ...timeoutOption.timeout, default: 15_000, description: "How long the platform may take." },
    tokenEnv: {
      type: "strings",
      placeholder: "name",
      description: "Variable that holds the token, or <secret>=<variable>; the file keeps the name alone.",
    },
  },
  positionals: { channel: { description: "Like telegram." } },
  async run(context, { options, positionals: { channel } }) {
    const { loginAccount } = await import("../settings/login-account.ts");
    return loginAccount(context, { ...options, channel });
  },
});

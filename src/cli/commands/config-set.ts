import { configOption, defineCommand, jsonOption } from "../command.ts";

const mostValueBytes = 65_536;

export const configSet = defineCommand({
  path: ["config", "set"],
  summary: "Write one setting into the file, keeping its comments.",
  options: {
    ...configOption,
    ...jsonOption,
    string: { type: "boolean", description: "Take the value as text, also when it looks like a number." },
  },
  positionals: {
    path: { description: "Like gateway.port." },
    value: { description: "JSON or a TOML value, else text; - reads text from stdin, for secrets." },
  },
  examples: [
    "openclaw config set gateway.port 18790",
    `openclaw config set gateway.allowed_hosts '["gateway.example"]'`,
    "openclaw config set gateway.auth.token - < token.txt",
  ],
  async run(context, { options, positionals: { path, value } }) {
    const [{ openForChange, printChange }, { parseSetting }, { findGateway }] = await Promise.all([
      import("../settings/open-settings.ts"),
      import("../settings/parse-setting.ts"),
      import("../settings/tell-gateway.ts"),
    ]);
    const parsed = value === "-" ? (await context.stdin.readAll(mostValueBytes)).trimEnd() : value;
    const isText = options.string || value === "-";
    const gateway = await findGateway(context, options.config);
    const config = await openForChange(context, { ...options, isStrict: true });
    const change = await config.set(path, isText ? parsed : parseSetting(parsed));
    return printChange(context, { config, change, path, gateway, json: options.json });
  },
});

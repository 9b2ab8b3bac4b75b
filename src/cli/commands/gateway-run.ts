import { configOption, defineCommand } from "../command.ts";
import { misuse } from "../failure.ts";

/** Options that stand for a setting. */
const settings = {
  auth: "gateway.auth.mode",
  bind: "gateway.bind",
  port: "gateway.port",
  token: "gateway.auth.token",
} as const;

export const gatewayRun = defineCommand({
  path: ["gateway", "run"],
  summary: "Run the gateway in the foreground until it is stopped.",
  options: {
    ...configOption,
    auth: {
      type: "string",
      placeholder: "mode",
      choices: ["none", "password", "token", "trusted-proxy"],
      description: "Who may connect.",
    },
    bind: { type: "string", placeholder: "where", description: "loopback, lan, tailnet, auto, or an address." },
    port: { type: "integer", placeholder: "number", most: 65_535, description: "TCP port; 0 takes any free one." },
    set: { type: "strings", placeholder: "path=value", description: "Any setting, for this run." },
    token: {
      type: "string",
      placeholder: "token",
      description: "Token; other users can see it, the settings are better.",
    },
  },
  positionals: {},
  examples: ["openclaw gateway run", "openclaw gateway run --port 0 --set gateway.bind=lan"],
  run(context, { options }) {
    const flags: Record<string, string> = {};
    for (const assignment of options.set) {
      const [, path, value] = /^([^=\s]+)=(.*)$/s.exec(assignment) ?? [];
      if (path === undefined || value === undefined) {
        throw misuse("--set needs a path and a value.", "Like --set gateway.port=18789.");
      }
      flags[path] = value;
    }
    for (const name of ["auth", "bind", "port", "token"] as const) {
      const value = options[name];
      if (value !== undefined) flags[settings[name]] = String(value);
    }
    return context.runGateway({ flags, ...(options.config === undefined ? {} : { file: options.config }) });
  },
});

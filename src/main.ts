import { type CliContext, openTerminal, runCli } from "#cli";
import { locateHome, openConfig, readEnvironment, readToken } from "#config";
import { version } from "./version.ts";

/**
 * The command line. What a command does not need is not loaded for it: neither the settings for `--help`, nor the gateway
 * for anything but `gateway run`.
 */
const environment = readEnvironment();
const home = locateHome(environment);
const terminal = openTerminal();

const context: CliContext = {
  ...terminal,
  environment,
  home,
  version,
  openConfig: async ({ flags, file }) => {
    const { Settings } = await import("./settings.ts");
    return openConfig({ schema: Settings, home, environment, flags, file });
  },
  readToken: async () => readToken(home),
  runGateway: async ({ flags, file }) => {
    const { runGateway } = await import("./run-gateway.ts");
    return runGateway({ home, environment, flags, file, version: version.version }, terminal);
  },
};

const exitCode = await runCli(Bun.argv.slice(2), context);
process.exit(exitCode);

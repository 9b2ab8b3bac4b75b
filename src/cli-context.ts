import type { CliContext, Terminal } from "#cli";
import { locateConfig, locateHome, openConfig, readToken } from "#config";
import { calledAs } from "./called-as.ts";
import { version } from "./version.ts";

/**
 * What commands may touch. What one of them does not need is not loaded for it: neither the settings for `--help`, nor the
 * gateway for anything but `gateway run`.
 */
export function createCliContext(
  terminal: Terminal,
  environment: Readonly<Record<string, string | undefined>>,
): CliContext {
  const home = locateHome(environment);
  const installation = { home, environment, signal: terminal.signal, version: version.version };
  return {
    ...terminal,
    environment,
    home,
    calledAs: calledAs(environment),
    version,
    openConfig: async ({ file, tolerates, isStrict = false }) => {
      const { Settings } = await import("./settings.ts");
      const options = { schema: Settings, home, environment, flags: {}, file, tolerates };
      if (!isStrict) return openConfig(options);
      const { checkSettings } = await import("./check-settings.ts");
      return openConfig({ ...options, check: (config) => checkSettings(config, { home, environment }).problems });
    },
    locateConfig: async (file) => {
      const { Settings } = await import("./settings.ts");
      return locateConfig({ schema: Settings, home, environment, file });
    },
    checkConfig: async (file) => {
      const [{ Settings }, { checkSettings }] = await Promise.all([
        import("./settings.ts"),
        import("./check-settings.ts"),
      ]);
      const config = openConfig({ schema: Settings, home, environment, flags: {}, file });
      const { problems, warnings } = checkSettings(config, { home, environment });
      return { file: config.file, problems, warnings: [...config.warnings, ...warnings] };
    },
    readClientSettings: async (file) => {
      const { ClientSettings } = await import("./client-settings.ts");
      return openConfig({ schema: ClientSettings, home, environment, flags: {}, file }).settings;
    },
    readToken: async () => readToken(home),
    backups: {
      create: async (options) => (await import("./backup-commands.ts")).createBackup(installation, options),
      verify: async (options) => (await import("./backup-commands.ts")).verifyBackup(installation, options),
      restore: async (options) => (await import("./backup-commands.ts")).restoreBackup(installation, options),
    },
    storage: {
      copyTo: async (url, options) => {
        const { copyTo } = await import("./storage-commands.ts");
        return copyTo({ home, environment, signal: terminal.signal, ...options }, url);
      },
      inspect: async (options) => {
        const { inspect } = await import("./storage-commands.ts");
        return inspect({ home, environment, signal: terminal.signal, ...options });
      },
      count: async (file) => {
        const { count } = await import("./storage-commands.ts");
        return count({ home, environment, file });
      },
    },
    channels: {
      available: async () => (await import("./channel-commands.ts")).available(),
      capabilities: async () => (await import("./channel-commands.ts")).capabilities(),
      configured: async (file) => (await import("./channel-commands.ts")).configured({ home, environment, file }),
    },
    runGateway: async ({ flags, file }) => {
      const { runGateway } = await import("./run-gateway.ts");
      return runGateway({ home, environment, flags, file, version: version.version }, terminal);
    },
  };
}

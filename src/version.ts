import type { VersionInfo } from "#cli";
import packageJson from "../package.json" with { type: "json" };

/** What this program is. The build puts its commit in. */
export const version: VersionInfo = {
  version: packageJson.version,
  ...(typeof BUILD_COMMIT === "string" && { commit: BUILD_COMMIT }),
  protocols: { jsonrpc: "2.0", openclaw: "4" },
  schemas: async () => ({ database: (await import("#storage")).schemaSteps }),
};

declare const BUILD_COMMIT: string | undefined;

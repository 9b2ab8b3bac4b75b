/**
 * The original's own clients, unmodified, against our gateway: brings them into a cache folder, says which they are, runs
 * `test/clients`, and says what they asked for in vain. Needs npm's registry the first time, and Debian's for the browser.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientsFolder, findChromium, missing } from "../test/clients/installed.ts";
import { reportVariable } from "../test/clients/unserved.ts";
import { versions } from "../test/clients/versions.ts";

const isSupported = process.platform === "linux" && process.arch === "x64";
if (!isSupported) {
  console.error(`The clients run on Linux x64 only; this is ${process.platform} ${process.arch}.`);
  process.exit(1);
}
installPackages();
const chromium = findChromium() ?? installChromium();
const browser = chromium === undefined ? "none: THE CONTROL UI IS NOT TESTED" : printed([chromium, "--version"]);
for (const [name, version] of Object.entries(versions)) console.log(`${name} ${version}`);
console.log(`browser ${browser}`);

const scratch = mkdtempSync(join(tmpdir(), "openclaw-clients-"));
const report = join(scratch, "unserved");
const beganAt = performance.now();
const exitCode = Bun.spawnSync(
  [process.execPath, "test", "--timeout", "90000", "./test/clients", ...Bun.argv.slice(2)],
  {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, [reportVariable]: report },
  },
).exitCode;
sayUnserved();
rmSync(scratch, { recursive: true, force: true });
console.log(`took ${Math.round((performance.now() - beganAt) / 1_000)} s`);
if (chromium === undefined)
  console.log("The Control UI was NOT tested: there is no Chromium, and it could not be installed.");
process.exit(exitCode);

function installPackages(): void {
  if (missing().length === 0) return;
  console.log(`installing ${missing().join(", ")} into ${clientsFolder}`);
  mkdirSync(clientsFolder, { recursive: true });
  writeFileSync(join(clientsFolder, "package.json"), JSON.stringify({ private: true, dependencies: versions }));
  const flags = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  if (!runs(["npm", "install", ...flags], clientsFolder) || missing().length > 0) {
    console.error("The clients could not be installed; npm's messages stand above.");
    process.exit(1);
  }
}

function installChromium(): string | undefined {
  if (process.getuid?.() !== 0 || Bun.which("apt-get") === null) return undefined;
  console.log("installing Chromium from Debian");
  const isDone =
    runs(["apt-get", "update", "-qq"]) &&
    runs(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  return isDone ? findChromium() : undefined;
}

function runs(command: string[], cwd = process.cwd()): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return Bun.spawnSync(command, { cwd, env, stdio: ["ignore", "inherit", "inherit"] }).exitCode === 0;
}

function printed(command: string[]): string {
  return Bun.spawnSync(command, { stderr: "ignore" }).stdout.toString().trim();
}

/** Each suite writes down what was refused to its clients; here it is counted. */
function sayUnserved(): void {
  if (!existsSync(report)) return;
  const lines = readFileSync(report, "utf8").trimEnd().split("\n");
  const counts = Map.groupBy(lines, (line) => line);
  console.log("\nwhat the clients asked for in vain:");
  for (const [line, same] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) {
    console.log(`  ${line}${same.length > 1 ? ` (${same.length} times)` : ""}`);
  }
}

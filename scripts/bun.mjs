/**
 * Runs Bun with the given arguments, from a fresh clone on: installs the dependencies when `node_modules` is missing or
 * older than the lockfile, then finds the Bun executable that npm brought. npm 12 blocks install scripts and earlier
 * versions can be told to, so the executable is taken from the platform package when Bun's own script has not moved it.
 *
 * Plain Node (20 or newer) on purpose: this is the one program that runs before Bun exists.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** npm writes this file at the end of every complete install, so its age is the age of the tree. */
function isInstalled() {
  const mark = path.join(root, "node_modules", ".package-lock.json");
  const bunMark = path.join(root, "node_modules", ".bin", "tsc");
  if (existsSync(mark)) return sameVersions(mark);
  return existsSync(bunMark) && findBun() !== undefined;
}

function sameVersions(mark) {
  const wanted = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages ?? {};
  const present = JSON.parse(readFileSync(mark, "utf8")).packages ?? {};
  return Object.entries(wanted).every(
    ([name, entry]) => name === "" || entry.optional || present[name]?.version === entry.version,
  );
}

function install() {
  console.error("Installing dependencies (first run, or the lockfile changed) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm && npm.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const done = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32" && command === "npm",
  });
  if (done.status !== 0) {
    console.error("`npm ci` failed; its messages stand above. Check the network and try again.");
    process.exit(done.status ?? 1);
  }
}

function findBun() {
  const require = createRequire(path.join(root, "package.json"));
  const isWindows = process.platform === "win32";
  const os = { linux: "linux", darwin: "darwin", win32: "windows" }[process.platform];
  const cpu = { x64: "x64", arm64: "aarch64" }[process.arch];
  const isMusl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const candidates = [
    [`@oven/bun-${os}-${cpu}${isMusl ? "-musl" : ""}`, isWindows ? "bun.exe" : "bun"],
    ["bun", "bun.exe"],
  ];
  for (const [name, file] of candidates) {
    try {
      const found = path.join(path.dirname(require.resolve(`${name}/package.json`)), "bin", file);
      // Until Bun's install script has run, its own package holds a small text file in the executable's place.
      if (existsSync(found) && statSync(found).size > 1_000_000) return found;
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

if (!isInstalled()) install();
const bun = findBun();
if (!bun) {
  console.error(`No Bun executable for ${process.platform}-${process.arch} came with the dependencies.`);
  process.exit(1);
}
const child = spawn(bun, process.argv.slice(2), { stdio: "inherit" });
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
child.on("error", (error) => {
  console.error(`Bun could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (!signal) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});

/**
 * Kills the gateway and looks what is left: at every named place, and at random moments, under everything that people do
 * to it. Then runs the tests beside this file: power cuts, failing disks, flipped bits. `--short` is what CI runs; without
 * it, the report is written beside this file.
 *
 *     npm run test:crash -- [--short] [--only name] [--lanes n] [--minutes n]
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { binary } from "../support/gateway-process.ts";
import { atPlaces, atRandom, type Tally } from "./campaigns.ts";
import { failPoints } from "./fail-points.ts";
import { report } from "./report.ts";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    short: { type: "boolean" },
    only: { type: "string" },
    lanes: { type: "string", default: "2" },
    minutes: { type: "string", default: "60" },
  },
});
const effort = values.short ? { perPlace: 1, random: 60 } : { perPlace: 25, random: 1_000 };
const lanes = Number(values.lanes);
const minutes = Number(values.minutes);

const commit = Bun.spawnSync(["git", "describe", "--always", "--dirty=+changes", "--abbrev=12"])
  .stdout.toString()
  .trim();
const folder = mkdtempSync(join(tmpdir(), "openclaw-crash-"));
try {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "house.ts")],
    outdir: folder,
    target: "bun",
    splitting: true,
  });
  if (!built.success) throw new AggregateError(built.logs, "the house was not built");
  const house = { command: [process.execPath, join(folder, "house.js")], hasPigeons: true };
  // A build meanwhile would change what runs.
  const released = join(folder, "openclaw");
  copyFileSync(binary, released);
  const executable = { command: [released], hasPigeons: false };
  const startedAt = performance.now();
  const places = failPoints.filter(({ name }) => values.only === undefined || name === values.only);
  const tallies: Tally[] = [await atPlaces(places, { ...effort, house, lanes, minutes: minutes * 0.7 })];
  if (values.only === undefined)
    tallies.push(await atRandom({ ...effort, house, executable, lanes, minutes: minutes * 0.3 }));
  const took = (performance.now() - startedAt) / 60_000;
  const text = report({ commit, places, tallies, minutes: took, planned: effort });
  process.stdout.write(text);
  if (!values.short && values.only === undefined) await Bun.write(join(import.meta.dir, "REPORT.md"), text);
  const tests = values.only === undefined ? runTests() : 0;
  if (tests !== 0 || tallies.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runTests(): number {
  const run = Bun.spawnSync([process.execPath, "test", "--timeout", "300000", import.meta.dir], {
    env: { ...Bun.env, OPENCLAW_CRASH: values.short ? "short" : "long" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return run.exitCode;
}

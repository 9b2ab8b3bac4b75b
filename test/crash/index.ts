/**
 * Kills the gateway and looks what is left: at every named place, and at random moments, under everything that people do
 * to it. `--short` is what CI runs; without it, the report is written beside this file.
 *
 *     npm run test:crash -- [--short] [--only name] [--lanes n]
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
  options: { short: { type: "boolean" }, only: { type: "string" }, lanes: { type: "string", default: "2" } },
});
const effort = values.short ? { perPlace: 1, random: 60 } : { perPlace: 25, random: 1_000 };
const lanes = Number(values.lanes);

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
  const tallies: Tally[] = [await atPlaces(places, { ...effort, house, lanes })];
  if (values.only === undefined) tallies.push(await atRandom({ ...effort, house, executable, lanes }));
  const minutes = (performance.now() - startedAt) / 60_000;
  const text = report({ commit, places, tallies, minutes, perPlace: effort.perPlace });
  process.stdout.write(text);
  if (!values.short && values.only === undefined) await Bun.write(join(import.meta.dir, "REPORT.md"), text);
  if (tallies.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

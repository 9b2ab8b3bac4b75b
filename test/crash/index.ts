/**
 * Kills the gateway and looks what is left: at every named place, and at random moments, under everything that people do
 * to it; then over Telegram, and over three chat platforms at once. Then runs the tests beside this file: power cuts, failing
 * disks, flipped bits. `--short` is what CI runs; without it, the report is written beside this file.
 *
 *     npm run test:crash -- [--short] [--only name|telegram|town|growing] [--lanes n] [--minutes n]
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { binary } from "../support/gateway-process.ts";
import { atPlaces, atRandom } from "./campaigns.ts";
import { failPoints } from "./fail-points.ts";
import { report } from "./report.ts";
import type { Tally } from "./tally.ts";
import { overGrowing, overTelegram, overTown } from "./town/campaigns.ts";

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
const platforms = values.short
  ? { telegram: { kills: 20, backlog: 200 }, town: { kills: 6 }, growing: { kills: 12 } }
  : { telegram: { kills: 200, backlog: 10_000 }, town: { kills: 60 }, growing: { kills: 120 } };
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
  const released = join(folder, "openclaw");
  const startedAt = performance.now();
  const isWanted = (name: string) => values.only === undefined || name === values.only;
  const places = failPoints.filter(({ name }) => isWanted(name));
  const tallies: Tally[] = [await atPlaces(places, { ...effort, house, lanes, minutes: minutes * 0.8 })];
  if (values.only === undefined) {
    copyFileSync(binary, released); // a build meanwhile would change what runs
    const executable = { command: [released], hasPigeons: false };
    tallies.push(await atRandom({ ...effort, house, executable, lanes, minutes: minutes * 0.2 }));
  }
  const towns: Tally[] = [];
  const inTowns = { command: house.command, minutes: minutes * 0.2 };
  if (isWanted("telegram")) towns.push(await overTelegram({ ...inTowns, ...platforms.telegram }));
  if (isWanted("town")) towns.push(await overTown({ ...inTowns, ...platforms.town }));
  if (isWanted("growing")) towns.push(await overGrowing({ ...inTowns, ...platforms.growing }));
  const took = (performance.now() - startedAt) / 60_000;
  const text = report({ commit, places, tallies, towns, minutes: took, planned: effort });
  process.stdout.write(text);
  if (!values.short && values.only === undefined) await Bun.write(join(import.meta.dir, "REPORT.md"), text);
  const tests = values.only === undefined ? runTests() : 0;
  if (tests !== 0 || [...tallies, ...towns].some(({ violations }) => violations.length > 0)) process.exitCode = 1;
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

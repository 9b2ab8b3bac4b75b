import type { failPoints } from "./fail-points.ts";
import { Lane, type Peer } from "./lane.ts";
import { deadline, newTally, type Tally } from "./tally.ts";

type Place = (typeof failPoints)[number];

interface Effort {
  /** The command of the house, with places to die at. */
  readonly house: Peer;
  readonly lanes: number;
  /** Then no further death is begun, however many were meant to be. */
  readonly minutes: number;
}

/** A home is left for a new one after so many deaths; until then it grows, and its recovery with it. */
const deathsPerHome = 40;

/** Of what a place is passed once for each; it dies at one of so many passings. */
const leastDebts = 2;

/** Stops long before a broken build has filled the report with the same line. */
const mostViolations = 50;

/** Dies at every place so many times, each time at another passing; between two of them it is killed from outside. */
export async function atPlaces(
  places: readonly Place[],
  effort: Effort & { readonly perPlace: number },
): Promise<Tally> {
  const tally = newTally("at named places");
  const rounds = Array.from({ length: effort.perPlace }, () => places); // in rounds, so that a short run has seen them all
  const due = rounds.flat().toReversed();
  const isOver = deadline(effort.minutes);
  const tried = new Map<string, number>();
  await inLanes(effort.lanes, async () => {
    while (due.length > 0 && !isOver() && tally.violations.length < mostViolations) {
      await inOneHome(effort.house, tally, async (lane, era) => {
        const place = isOver() ? undefined : due.pop();
        if (!place) return false;
        const tries = (tried.get(place.name) ?? 0) + 1;
        tried.set(place.name, tries);
        // What the last death left would be older than the rest, and be ended before the place is waited for.
        if (place.debts === "old") await check(lane, tally, place.name);
        if (await dieAt(lane, place, era)) tally.hits.set(place.name, (tally.hits.get(place.name) ?? 0) + 1);
        else if (tries < 3 * effort.perPlace + 5) due.unshift(place);
        tally.kills++;
        await check(lane, tally, place.name);
        await lane.live(era, { afterMs: 20 + Math.random() * 100, signal: "SIGKILL" });
        tally.kills++;
        return due.at(-1)?.home !== "fresh" && place.home !== "fresh";
      });
    }
  });
  return tally;
}

/** Is killed so many times at random moments; every other home is served by the executable as it is released. */
export async function atRandom(
  effort: Effort & { readonly random: number; readonly executable: Peer },
): Promise<Tally> {
  const tally = newTally("at random moments");
  const isOver = deadline(effort.minutes);
  const state = { homes: 0, left: effort.random };
  await inLanes(effort.lanes, async () => {
    while (state.left > 0 && !isOver() && tally.violations.length < mostViolations) {
      const peer = state.homes++ % 2 === 0 ? effort.executable : effort.house;
      await inOneHome(peer, tally, async (lane, era) => {
        if (isOver() || state.left-- <= 0) return false;
        const afterMs = 20 + Math.random() * 280;
        await lane.live(era, { afterMs, signal: "SIGKILL" });
        tally.kills++;
        await check(lane, tally, `${Math.round(afterMs)} ms`);
        return true;
      });
    }
  });
  return tally;
}

async function dieAt(lane: Lane, place: Place, era: number): Promise<boolean> {
  const once =
    place.home === "fresh" ||
    place.ends === "asked" ||
    place.often === "doom" ||
    /^(app\.|storage\.(lock|open)\.|recovery\.look\.)/.test(place.name);
  const nth = once
    ? 1
    : 1 + Math.floor(Math.random() * (place.debts === undefined && place.often === undefined ? 6 : leastDebts));
  const asked = place.ends === "asked";
  try {
    await leaveDebts(lane, place, era);
    lane.refuse(place.platform === "refusing" ? 300 : 5);
    return await lane.live(era, {
      crashAt: `${place.name}:${nth}`,
      afterMs: asked ? 60 : 2_500,
      signal: asked ? "SIGTERM" : "SIGKILL",
      often: place.often,
    });
  } finally {
    lane.refuse(5);
    lane.model.hangs = false;
  }
}

async function leaveDebts(lane: Lane, { debts }: Place, era: number): Promise<void> {
  if (debts === undefined) return;
  if (debts === "calls") {
    await lane.live(era, { crashAt: "agent.tool.begin:2", afterMs: 1_500, signal: "SIGKILL" });
    return;
  }
  lane.model.hangs = true;
  await lane.live(era, { afterMs: 150, signal: "SIGKILL", leaves: leastDebts });
  if (debts === "old") await lane.age({ times: 2, turns: leastDebts });
}

async function check(lane: Lane, tally: Tally, where: string): Promise<void> {
  const findings = await lane.settle();
  tally.violations.push(...findings.violations.map((violation) => `${where}: ${violation}`));
}

/** Lives in one home until it has died there often enough, or `once` says that it is done. */
async function inOneHome(peer: Peer, tally: Tally, once: (lane: Lane, era: number) => Promise<boolean>): Promise<void> {
  await using lane = new Lane(peer);
  for (let deaths = 0; deaths < deathsPerHome; deaths++) {
    try {
      if (!(await once(lane, deaths >> 3))) break;
    } catch (error) {
      tally.violations.push(`death ${deaths}: ${error instanceof Error ? error.message : String(error)}`);
      break;
    }
  }
  const last = await lane.settle().catch((error: unknown) => {
    tally.violations.push(`the last start: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  tally.violations.push(...(last?.violations ?? []).map((violation) => `at last: ${violation}`));
  tally.events += last?.events ?? 0;
  tally.doubleArrivals += last?.doubleArrivals ?? 0;
  tally.unknownOutcomes += last?.unknownOutcomes ?? 0;
  tally.said += lane.messages.said;
  tally.acknowledged += lane.messages.acknowledged;
  tally.readyMs.push(...lane.readyMs);
  tally.starved += lane.starved.length;
}

async function inLanes(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

import { quantile } from "../../bench/figures.ts";
import type { failPoints } from "./fail-points.ts";
import type { Tally } from "./tally.ts";

interface Run {
  readonly commit: string;
  readonly places: typeof failPoints;
  readonly tallies: readonly Tally[];
  /** Those over platforms. */
  readonly towns: readonly Tally[];
  readonly minutes: number;
  readonly planned: { readonly perPlace: number; readonly random: number };
}

/** What a run found, for people. */
export function report({ commit, places, tallies, towns, minutes, planned }: Run): string {
  const [named, random] = tallies;
  const fewest = Math.min(...places.map(({ name }) => named?.hits.get(name) ?? 0));
  const isWhole = fewest >= planned.perPlace && (random?.kills ?? 0) >= planned.random;
  return [
    "# Killed, and looked at",
    "",
    `${new Date().toISOString().slice(0, 10)}, commit ${commit || "unknown"}, ${minutes.toFixed(1)} minutes, two cores shared with other work.`,
    "",
    "| | kills | messages said | acknowledged | events on disk at last | ready again p50 / p99 / most | arrived twice, recognised | tools of unknown outcome, told | violations |",
    "|---|---|---|---|---|---|---|---|---|",
    ...[...tallies, ...towns].map(lineOf),
    "",
    "A violation would be: an acknowledged message that is missing or doubled, a turn without exactly one ending, a tool that ran twice, a gap in a log, a hash that does not fit, a failed `integrity_check`, an answer that did not reach the platform, a start that took over two seconds, something owed that never settled. Unacknowledged messages are said again with the same id after each start, and must be taken once.",
    "",
    "Over platforms, a violation would also be: a message that a platform was told we have, without exactly one turn and one answer in its own chat; a canary in another chat; answers out of the order of their turns; a mark or a call of a tool that was not meant for people. A second copy of an answer is none where the platform cannot be asked and the log tells of the doubt, as with Telegram; those are counted as arrived twice.",
    "",
    ...tallies.flatMap(({ title, starved }) =>
      starved === 0
        ? []
        : [
            `- **${title}**: ${starved} starts took over two seconds while the process got less than half a second of a processor: the machine was busy with other work. They are no violations.`,
          ],
    ),
    ...[...tallies, ...towns].flatMap(({ title, violations }) =>
      violations.slice(0, 20).map((text) => `- **${title}**: ${text}`),
    ),
    `${places.length} places, each passed to its death at least ${fewest} times of ${planned.perPlace}; ${random?.kills ?? 0} kills at random moments of ${planned.random}. ${isWhole ? "A whole run." : "Not a whole run: it ended early, or did not get everywhere."}`,
    "",
    "| place | the process stood where | deaths |",
    "|---|---|---|",
    ...places.map(({ name, at }) => `| ${name} | ${at} | ${named?.hits.get(name) ?? 0} |`),
    "",
    ...deathsOver(towns),
  ].join("\n");
}

function lineOf(tally: Tally): string {
  const { title, kills, said, acknowledged, events, readyMs, doubleArrivals, unknownOutcomes, violations } = tally;
  const ready = [quantile(readyMs, 0.5), quantile(readyMs, 0.99), Math.max(0, ...readyMs)].map((ms) => ms.toFixed(0));
  const cells = [
    title,
    kills,
    said,
    acknowledged,
    events,
    `${ready.join(" / ")} ms`,
    doubleArrivals,
    unknownOutcomes,
    violations.length,
  ];
  return `| ${cells.join(" | ")} |`;
}

function deathsOver(towns: readonly Tally[]): string[] {
  const hits = towns.flatMap((town) =>
    [...town.hits].map(([name, deaths]) => `| ${town.title} | ${name} | ${deaths} |`),
  );
  return hits.length === 0 ? [] : ["| campaign | place | deaths |", "|---|---|---|", ...hits, ""];
}

/**
 * Measures the promises of this build against the floor in the same run, and prints them as a table.
 * `OPENCLAW_BENCH=quick` takes a short look; `micro` as an argument measures single functions instead.
 */
import { startFakeModel } from "../test/support/fake-model.ts";
import { shown } from "./figures.ts";
import { openPeers } from "./peers.ts";
import { efforts, type Figure, rows, syncCost } from "./rows.ts";

if (Bun.argv.includes("micro")) {
  await import("./micro.ts");
} else {
  await macro();
}

async function macro(): Promise<void> {
  const effort = efforts[Bun.env["OPENCLAW_BENCH"] === "quick" ? "quick" : "full"];
  await using model = startFakeModel({ script: () => ({ parts: ["Hello ", "there."] }), remember: 0 });
  const peers = await openPeers(model.url);
  const measured = new Map<string, Partial<Record<"gateway" | "floor", Figure>>>();
  for (const row of rows) {
    for (const peer of peers) {
      for (const figure of await row(peer, effort)) {
        measured.set(figure.what, { ...measured.get(figure.what), [peer.name]: figure });
      }
    }
  }
  print([...measured.values()]);
  for (const { what, unit, value } of syncCost()) console.log(`${what}: ${shown(value)} ${unit}`);
}

function print(figures: readonly Partial<Record<"gateway" | "floor", Figure>>[]): void {
  const table = figures.map(({ gateway, floor }) => ({
    "": gateway?.what ?? "",
    unit: gateway?.unit ?? "",
    gateway: shown(gateway?.value ?? Number.NaN),
    floor: shown(floor?.value ?? Number.NaN),
    ratio: shown((gateway?.value ?? Number.NaN) / (floor?.value ?? Number.NaN)),
    promise: promiseOf(gateway),
  }));
  const columns = ["", "unit", "gateway", "floor", "ratio", "promise"] as const;
  const widths = columns.map((column) => Math.max(column.length, ...table.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  console.log(line(columns));
  console.log(`|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  for (const row of table) console.log(line(columns.map((column) => row[column])));
}

function promiseOf(figure: Figure | undefined): string {
  if (figure?.atMost !== undefined) return `≤ ${figure.atMost}${figure.value <= figure.atMost ? "" : " missed"}`;
  if (figure?.atLeast !== undefined) return `≥ ${figure.atLeast}${figure.value >= figure.atLeast ? "" : " missed"}`;
  return "";
}

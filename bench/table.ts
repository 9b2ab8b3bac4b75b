import { shown } from "./figures.ts";
import type { Figure } from "./row.ts";

export interface Line {
  readonly gateway: Figure;
  readonly floor: number | undefined;
}

const columns = ["", "unit", "gateway", "floor", "ratio", "promise", "baseline", "change"] as const;

/** Markdown, aligned: the gateway beside the floor, what it promises, and what it was. */
export function table(lines: readonly Line[], baseline: Readonly<Record<string, number>>): string {
  const cells = lines.map(({ gateway, floor = Number.NaN }) => {
    const before = baseline[gateway.what] ?? Number.NaN;
    return [
      gateway.what,
      gateway.unit,
      shown(gateway.value),
      shown(floor),
      floor > 0 ? shown(gateway.value / floor) : "–",
      promiseOf(gateway),
      shown(before),
      changeOf(gateway.value, before),
    ];
  });
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(columns), rule, ...cells.map(line)].join("\n");
}

function promiseOf({ value, atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `≤ ${plain(atMost)}${value <= atMost ? "" : " missed"}`;
  if (atLeast !== undefined) return `≥ ${plain(atLeast)}${value >= atLeast ? "" : " missed"}`;
  return "";
}

function changeOf(value: number, before: number): string {
  if (!(before > 0)) return "–";
  const percent = Math.round((value / before - 1) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}

function plain(value: number): string {
  return Number(value.toFixed(2)).toLocaleString("en");
}

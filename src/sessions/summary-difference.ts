import type { SessionSummary } from "./summary.ts";

/** A part of a session's summary that is stored otherwise than its log has it. */
export interface Difference {
  /** Dotted: `usage.input`. */
  readonly part: string;
  readonly stored: unknown;
  readonly replayed: unknown;
}

export function differencesOf(stored: SessionSummary, replayed: SessionSummary): readonly Difference[] {
  return between("", stored, replayed);
}

function between(path: string, stored: unknown, replayed: unknown): Difference[] {
  if (Bun.deepEquals(stored, replayed)) return [];
  if (!isTable(stored) || !isTable(replayed)) return [{ part: path, stored, replayed }];
  const names = new Set([...Object.keys(stored), ...Object.keys(replayed)]);
  return [...names].flatMap((name) => between(path === "" ? name : `${path}.${name}`, stored[name], replayed[name]));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

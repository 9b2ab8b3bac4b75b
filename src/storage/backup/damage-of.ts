import type { Inspection } from "../inspect/inspect-database.ts";

/** Undefined when nothing is damaged. */
export function damageOf({ findings, found }: Inspection): string | undefined {
  const [first] = findings;
  if (!first) return undefined;
  const { key, sessionId, seq, problem } = first;
  const log = key ?? sessionId;
  const place = log === undefined ? "" : `the log of ${log}${seq === undefined ? "" : ` at seq ${seq}`}: `;
  return found === 1 ? `${place}${problem}` : `${found} problems, the first: ${place}${problem}`;
}

import { rmSync, statSync } from "node:fs";

const dayMs = 24 * 60 * 60 * 1_000;

/** Takes the older of the two log files away when nothing was added to it for so long; 0 days keeps it. */
export function sweepLogs(logFile: string, days: number, now: number): void {
  if (days === 0) return;
  const older = `${logFile}.1`;
  const writtenAt = statSync(older, { throwIfNoEntry: false })?.mtimeMs ?? now;
  if (writtenAt < now - days * dayMs) rmSync(older, { force: true });
}

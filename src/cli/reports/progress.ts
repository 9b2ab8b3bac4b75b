import type { CliContext, StorageInspectOptions } from "../context.ts";

const everyMs = 200;

/** How far it is, for a person who waits at a terminal; nobody else is told. */
export function showProgress(context: CliContext, isJson: boolean): StorageInspectOptions["onProgress"] {
  const last = { at: performance.now() };
  return async ({ step, done, of }) => {
    const now = performance.now();
    if (isJson || !context.stderr.isTty || now - last.at < everyMs) return;
    last.at = now;
    await context.stderr.write(`${step}: ${done} of ${of}\r`);
  };
}

import type { EndProcesses } from "./backend.ts";
import { codeOf } from "./error-code.ts";

/** The process that was started with a group of its own, and all that stayed in that group. */
export function processGroup(pid: number): EndProcesses {
  return (signal) => {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (codeOf(error) !== "ESRCH") throw error;
    }
  };
}

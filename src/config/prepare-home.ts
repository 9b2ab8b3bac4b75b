import { isSystemError, systemReason } from "#base";
import { fault } from "#protocol";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Home } from "./home.ts";

const ownerOnly = 0o700;
const sticky = 0o1000;

/**
 * Makes the folders of an installation, each for its owner only, whatever the umask; folders that others could enter are
 * closed, which the returned warnings tell. Refuses a folder that is not the installation's alone.
 */
export function prepareHome(home: Home): readonly string[] {
  refuseShared(home.root);
  const folders = [home.root, home.credentials, home.plugins, home.state, dirname(home.logFile), home.workspace];
  return folders.flatMap((folder) => prepareFolder(folder));
}

/** Makes one folder for its owner only. */
export function prepareFolder(folder: string): readonly string[] {
  try {
    const isNew = mkdirSync(folder, { recursive: true, mode: ownerOnly }) !== undefined;
    if (process.platform === "win32") return [];
    const mode = statSync(folder).mode & 0o777;
    if (mode === ownerOnly) return [];
    chmodSync(folder, ownerOnly);
    return isNew || (mode & 0o077) === 0 ? [] : [`${folder} was open to others on this machine; it is closed now`];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw fault.configInvalid({ problem: `${folder} cannot be prepared: ${systemReason(error)}.` }, error);
  }
}

/** Closing `/` or `/tmp` to others would break the machine for them. */
function refuseShared(root: string): void {
  const mode = statSync(root, { throwIfNoEntry: false })?.mode ?? 0;
  if (dirname(root) !== root && (mode & sticky) === 0) return;
  throw fault.configInvalid({ problem: `${root} is used by others too; let OPENCLAW_HOME name a folder of its own.` });
}

import type { ConfiguredAccount } from "#channels";
import { type Home, prepareRuntime } from "#config";
import type { Lease } from "#gateway";
import { acquireLock } from "#storage";
import { chmodSync } from "node:fs";
import { join } from "node:path";

export interface LeaseHolder {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Keeps the gateways of this person on this machine from opening one platform account twice: a lock that is named by a part
 * of a hash of what the platform knows the account by. Where there is no place for such locks, an account is opened all
 * the same, and warns: that two homes have one token is rare, a machine without such a place is not.
 */
export function takeLease({ channel, settings }: ConfiguredAccount, { home, environment }: LeaseHolder): Lease {
  const identity = channel.identity?.(settings);
  if (!identity) return { held: true, release: () => {} };
  const folder = prepareRuntime(environment);
  if (!folder.ok) return unguarded(folder.because);
  const hash = Bun.SHA256.hash(`openclaw account\n${channel.id}\n${identity.reveal().trim()}`, "hex");
  const path = join(folder.path, `${channel.id}-${hash.slice(0, 24)}.lock`);
  try {
    const lock = acquireLock(path, home.root);
    if (lock.held) keepFromCleaners(path);
    return lock.held ? lock : { held: false, problem: takenBy(lock) };
  } catch (error) {
    return unguarded(error instanceof Error ? error.message.replace(/\.$/, "") : "its lock cannot be taken");
  }
}

function takenBy({ pid, note }: { readonly pid?: number; readonly note?: string }): string {
  const known = [...(pid === undefined ? [] : [`process ${pid}`]), ...(note === undefined ? [] : [`home ${note}`])];
  return `Another gateway${known.length > 0 ? ` (${known.join(", ")})` : ""} uses this token.`;
}

function unguarded(because: string): Lease {
  return {
    held: true,
    warning: `Nothing keeps another gateway on this machine from using this token too: ${because}.`,
    release: () => {},
  };
}

/** Those who clear folders of temporary files leave what has the sticky bit, as the XDG specification wants. */
function keepFromCleaners(path: string): void {
  if (process.platform === "linux") chmodSync(path, 0o1600);
}

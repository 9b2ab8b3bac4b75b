import { silentLog } from "#base";
import { openSandbox, type RunResult, type Sandbox, type SandboxOptions } from "#sandbox";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "./temp-folder.ts";

export interface SandboxAtHand extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly workspace: string;
  readonly stateDir: string;
  /** Runs a shell script for five seconds at most. */
  sh(
    script: string,
    options?: { readonly timeoutMs?: number; readonly keepBytes?: number; readonly signal?: AbortSignal },
  ): Promise<RunResult>;
}

/** A sandbox over a workspace in a temp folder, beside the gateway's state. */
export async function sandboxAtHand(options: Partial<SandboxOptions> = {}): Promise<SandboxAtHand> {
  const folder = tempFolder();
  const workspace = join(folder.path, "ws");
  const stateDir = join(folder.path, "state");
  await mkdir(workspace);
  await mkdir(stateDir);
  const sandbox = await openSandbox({
    mode: "always",
    network: false,
    workspace,
    stateDir,
    log: silentLog,
    ...options,
  });
  return {
    sandbox,
    workspace,
    stateDir,
    sh: (script, { timeoutMs = 5_000, keepBytes = 16_384, signal = new AbortController().signal } = {}) =>
      sandbox.run({ argv: ["sh", "-c", script], timeoutMs, keepBytes }, signal),
    [Symbol.asyncDispose]: async () => {
      await sandbox[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Why bubblewrap cannot be tested on this machine; undefined where it can. */
export async function whyNoBubblewrap(): Promise<string | undefined> {
  await using at = await sandboxAtHand();
  const { canRun, because } = await at.sandbox.status();
  return canRun ? undefined : because;
}

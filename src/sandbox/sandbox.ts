import type { Log } from "#base";
import { existsSync, realpathSync } from "node:fs";
import type { Backend, FoundBackend } from "./backend.ts";
import { findBubblewrap } from "./bubblewrap.ts";
import type { Command, RunResult } from "./command.ts";
import { openHost } from "./host.ts";
import { workspaceGone } from "./jail-error.ts";
import { runProgram } from "./run-program.ts";

export interface SandboxStatus {
  /** What keeps programs apart from the host; `none` runs them on the host itself. */
  readonly backend: "bubblewrap" | "none";
  /** May programs be run at all? False when the sandbox is demanded and does not work here. */
  readonly canRun: boolean;
  /** One sentence for a person. */
  readonly because: string;
}

/** The only place that starts processes. Closing it ends what still runs. */
export interface Sandbox extends AsyncDisposable {
  /** Found out by running a program when first asked; a sandbox that did not work is tried again after half a minute. */
  status(): Promise<SandboxStatus>;
  /**
   * Runs a program in the workspace and ends what it left behind: with bubblewrap nothing it started is alive when this
   * resolves; with `none`, only what left its process group can be. Rejects with `SandboxError` when `canRun` is false or
   * when the sandbox could not be set up. Never throws for what the program does.
   */
  run(command: Command, signal: AbortSignal): Promise<RunResult>;
}

/** Why nothing was run, in a sentence that the model and the person may read. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
}

export interface SandboxOptions {
  /** `always`: apart from the host, or not at all. `never`: on the host, with all that the gateway's user may do. */
  readonly mode: "always" | "never";
  /** May programs in the sandbox use the host's network, its local services too? */
  readonly network: boolean;
  /** The one folder that programs may write to. It has the same path inside as outside. */
  readonly workspace: string;
  /** Invisible inside, even where it lies in the workspace. */
  readonly stateDir: string;
  readonly log: Log;
  /** Where bubblewrap is; found in the system's program folders when absent, never by the environment's PATH. */
  readonly bwrap?: string;
}

/** Tries nothing out yet, so that a start does not wait for it. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const workspace = realpathSync(options.workspace);
  const stateDir = existsSync(options.stateDir) ? realpathSync(options.stateDir) : options.stateDir;
  return new LazySandbox({ ...options, workspace, stateDir });
}

const retryAfterMs = 30_000;

class LazySandbox implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<RunResult>>();
  #found: Promise<FoundBackend> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async status(): Promise<SandboxStatus> {
    if (this.#isWorkspaceGone()) {
      const backend = this.#options.mode === "never" ? "none" : "bubblewrap";
      return { backend, canRun: false, because: `Commands are refused: ${workspaceGone}.` };
    }
    const found = await this.#backend();
    if (!found.works) return { backend: "bubblewrap", canRun: false, because: found.because };
    return { backend: found.backend.name, canRun: true, because: found.backend.because };
  }

  async run(command: Command, signal: AbortSignal): Promise<RunResult> {
    if (this.#isWorkspaceGone()) throw new SandboxError(`The command was refused: ${workspaceGone}.`);
    const found = await this.#backend();
    if (!found.works) throw new SandboxError(found.because);
    if (this.#closing.signal.aborted) throw new SandboxError("The gateway is stopping; nothing was run.");
    const running = this.#runIn(found.backend, command, AbortSignal.any([signal, this.#closing.signal]));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    const found = await this.#found;
    if (found?.works) found.backend[Symbol.dispose]();
  }

  async #runIn(backend: Backend, command: Command, signal: AbortSignal): Promise<RunResult> {
    const outcome = await runProgram(backend, command, signal);
    if (outcome.problem !== undefined) throw new SandboxError(`The sandbox could not be set up: ${outcome.problem}`);
    if (!outcome.allEnded)
      this.#options.log.warn("a program may have left processes running", { argv0: command.argv[0] });
    return outcome.result;
  }

  /** Asked each time: it may be made again, and is no reason to give up the sandbox. */
  #isWorkspaceGone(): boolean {
    return !existsSync(this.#options.workspace);
  }

  #backend(): Promise<FoundBackend> {
    this.#found ??= this.#find();
    return this.#found;
  }

  async #find(): Promise<FoundBackend> {
    if (this.#options.mode === "never") return { works: true, backend: await openHost(this.#options.workspace) };
    const found = await findBubblewrap(this.#options, this.#closing.signal);
    if (found.works) return found;
    this.#options.log.warn("the sandbox does not work, so commands are refused", { because: found.because });
    const forget = setTimeout(() => (this.#found = undefined), retryAfterMs);
    forget.unref();
    return found;
  }
}

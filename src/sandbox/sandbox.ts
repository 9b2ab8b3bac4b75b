/** A program to run: exact arguments, exact environment, no shell in between. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Bytes for the standard input; empty and closed when absent. */
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** How much of the output is kept, in bytes, over both streams. The rest is read and thrown away. */
  readonly keepBytes: number;
}

export interface RunResult {
  /** Standard output and error as they came, mixed, at most `keepBytes`, the middle left out when longer. */
  readonly output: string;
  readonly outputBytes: number;
  readonly truncated: boolean;
  /** Absent when a signal ended it. */
  readonly exitCode?: number;
  readonly endedBy: "exit" | "signal" | "timeout" | "outputLimit" | "cancelled";
  readonly durationMs: number;
}

export interface SandboxStatus {
  /** What keeps programs apart from the host; `none` runs them on the host itself. */
  readonly backend: "bubblewrap" | "none";
  /** May programs be run at all? False when the sandbox is demanded and does not work here. */
  readonly canRun: boolean;
  /** One sentence for a person. */
  readonly because: string;
}

/** The only place that starts processes. */
export interface Sandbox {
  readonly status: SandboxStatus;
  /**
   * Runs a program in the workspace and reaps everything it left behind: nothing it started is alive when this resolves.
   * Refuses with an `Error` when `status.canRun` is false. Never throws for what the program does.
   */
  run(command: Command, signal: AbortSignal): Promise<RunResult>;
}

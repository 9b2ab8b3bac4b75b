/** A program to run: exact arguments, exact environment, no shell in between. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Text for the standard input; empty and closed when absent. */
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** How much of the output is kept, in bytes, over both streams. The rest is read and thrown away. */
  readonly keepBytes: number;
}

export interface RunResult {
  /** Standard output and error as they came, mixed, at most `keepBytes` of them, the middle left out when longer. */
  readonly output: string;
  readonly outputBytes: number;
  readonly truncated: boolean;
  /** Absent unless it ended by itself. In bubblewrap, a program killed by signal n has 128 + n, as a shell would say it. */
  readonly exitCode?: number;
  readonly endedBy: "exit" | "signal" | "timeout" | "outputLimit" | "cancelled";
  readonly durationMs: number;
}

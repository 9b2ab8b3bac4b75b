import type { Command } from "./command.ts";

/** How a command becomes a process of this machine. */
export interface Backend extends Disposable {
  readonly name: "bubblewrap" | "none";
  /** One sentence for a person on what it keeps apart. */
  readonly because: string;
  launch(command: Command): Launch;
}

export type FoundBackend =
  | { readonly works: true; readonly backend: Backend }
  | { readonly works: false; readonly because: string };

/** One process to start, and how to be sure of its end. */
export interface Launch extends Disposable {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Open files that the process gets as descriptors 3, 4, … */
  readonly files: readonly number[];
  /** On Windows: `argv` is joined by blanks to the command line, and nothing in it quoted. */
  readonly isVerbatim?: boolean;
  /** Called as soon as the process is there; answers with the way to end it and what it started. */
  hold(pid: number): EndProcesses;
  /** Once the process itself is gone: waits for the end of what it started; false when some of it may live on. */
  reap(): Promise<boolean>;
  /** Why the program was never reached, going by how the process ended and what it wrote to its standard error. */
  setupProblem(exitCode: number | null, words: string): string | undefined;
}

/** Asks all of them to end, or ends them; nothing happens when they are gone. */
export type EndProcesses = (signal: "SIGTERM" | "SIGKILL") => void;

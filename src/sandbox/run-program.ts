import type { Backend, EndProcesses, Launch } from "./backend.ts";
import type { Command, RunResult } from "./command.ts";
import { codeOf } from "./error-code.ts";
import { KeptOutput } from "./kept-output.ts";

/** What came of one process. `problem` says why the program was not reached; `allEnded` whether all it started is gone. */
export interface ProgramOutcome {
  readonly result: RunResult;
  readonly problem?: string;
  readonly allEnded: boolean;
}

/** Runs one program to its end: its own, or the one that the timeout, the signal or too much output brings. */
export async function runProgram(backend: Backend, command: Command, signal: AbortSignal): Promise<ProgramOutcome> {
  const startedAt = performance.now();
  const output = new KeptOutput(command.keepBytes);
  const result = (ended: Pick<RunResult, "endedBy" | "exitCode">): RunResult => ({
    output: output.text(),
    outputBytes: output.bytes,
    truncated: output.truncated,
    durationMs: Math.round(performance.now() - startedAt),
    ...ended,
  });
  if (signal.aborted) return { result: result({ endedBy: "cancelled" }), allEnded: true };

  using launch = backend.launch(command);
  const started = start(launch, command);
  if (!started.ok) return { result: result({ endedBy: "cancelled" }), problem: started.problem, allEnded: true };
  const { child } = started;
  const end = launch.hold(child.pid);
  using ending = new Ending(end, command.timeoutMs, signal);

  const words = new KeptOutput(mostWordsBytes);
  const take = (chunk: Uint8Array) => {
    output.add(chunk);
    if (output.bytes > mostOutputBytes) ending.begin("outputLimit");
  };
  // Both streams are read from the first moment on: what nobody reads, Bun keeps in memory without a limit.
  const outReader = child.stdout.getReader();
  const errReader = child.stderr.getReader();
  const drained = Promise.all([
    drain(outReader, take),
    drain(errReader, (chunk) => {
      take(chunk);
      words.add(chunk);
    }),
  ]);

  const exitCode = await child.exited;
  end("SIGKILL");
  const allEnded = await launch.reap();
  // A process that got away may hold the pipes open for ever.
  await Promise.race([drained, Bun.sleep(mostDrainMs)]);
  await Promise.all([outReader.cancel(), errReader.cancel()]);

  if (ending.because) return { result: result({ endedBy: ending.because }), allEnded };
  if (child.signalCode !== null) return { result: result({ endedBy: "signal" }), allEnded };
  const problem = launch.setupProblem(exitCode, words.text());
  return { result: result({ endedBy: "exit", exitCode }), allEnded, ...(problem === undefined ? {} : { problem }) };
}

/** Read and thrown away beyond what is kept; a program that writes more than this is ended. */
const mostOutputBytes = 64 * 1024 * 1024;
const mostWordsBytes = 4_096;
const mostDrainMs = 500;
/** Between asking a process group to end and ending it. */
const graceMs = 2_000;

function start(launch: Launch, command: Command) {
  try {
    return { ok: true, child: spawn(launch, command) } as const;
  } catch (error) {
    if (codeOf(error) === undefined || !(error instanceof Error)) throw error;
    return { ok: false, problem: error.message } as const;
  }
}

function spawn({ argv, env, cwd, files, isVerbatim = false }: Launch, { stdin }: Command) {
  const input = stdin === undefined ? "ignore" : new TextEncoder().encode(stdin);
  return Bun.spawn([...argv], {
    env: { ...env },
    cwd,
    // A session of its own, and with it a process group that can be ended as one; on Windows a console that nobody sees.
    detached: process.platform !== "win32",
    windowsHide: true,
    windowsVerbatimArguments: isVerbatim,
    stdio: [input, "pipe", "pipe", ...files],
  });
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

async function drain(reader: Reader, take: (chunk: Uint8Array) => void): Promise<void> {
  for (let read = await reader.read(); read.value; read = await reader.read()) take(read.value);
}

/** The end of a process from outside: first asked for, then enforced; what came first counts. */
class Ending implements Disposable {
  readonly #end: EndProcesses;
  readonly #signal: AbortSignal;
  readonly #timeout: Timer;
  readonly #onAbort = () => this.begin("cancelled");
  #force: Timer | undefined;
  #because: "timeout" | "outputLimit" | "cancelled" | undefined;

  constructor(end: EndProcesses, timeoutMs: number, signal: AbortSignal) {
    this.#end = end;
    this.#signal = signal;
    this.#timeout = setTimeout(() => this.begin("timeout"), timeoutMs);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get because(): "timeout" | "outputLimit" | "cancelled" | undefined {
    return this.#because;
  }

  begin(because: "timeout" | "outputLimit" | "cancelled"): void {
    if (this.#because) return;
    this.#because = because;
    this.#end("SIGTERM");
    this.#force = setTimeout(() => this.#end("SIGKILL"), graceMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timeout);
    clearTimeout(this.#force);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

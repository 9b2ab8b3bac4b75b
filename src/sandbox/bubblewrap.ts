import { closeSync, readFileSync } from "node:fs";
import type { Backend, FoundBackend, Launch } from "./backend.ts";
import {
  type BubblewrapFeatures,
  bubblewrapArguments,
  type BubblewrapView,
  workspaceProblem,
} from "./bubblewrap-arguments.ts";
import type { Command } from "./command.ts";
import { ControlGroup } from "./control-group.ts";
import { codeOf } from "./error-code.ts";
import { environment, limited } from "./limits.ts";
import { processGroup } from "./process-group.ts";
import { runProgram } from "./run-program.ts";
import { syscallFilter } from "./syscall-filter.ts";
import { UnnamedFile } from "./unnamed-file.ts";

export interface BubblewrapOptions {
  readonly workspace: string;
  readonly stateDir: string;
  readonly network: boolean;
  readonly bwrap?: string;
}

/** Bubblewrap, if it really runs a program here: containers, kernels and AppArmor can each forbid it. */
export async function findBubblewrap(options: BubblewrapOptions, signal: AbortSignal): Promise<FoundBackend> {
  if (process.platform !== "linux") return broken("There is no sandbox for this system yet");
  const bwrap = options.bwrap ?? Bun.which("bwrap", { PATH: systemPath });
  if (!bwrap) return broken("Bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap)");
  const problem = workspaceProblem(options.workspace, options.stateDir);
  if (problem !== undefined) return broken(`The sandbox does not work here: ${problem}`);

  const newer = await newerFeatures(bwrap);
  if (!newer) return broken(`${bwrap} does not start`);
  ControlGroup.sweep();
  const attempts: string[] = [];
  for (const userNamespace of [true, false]) {
    const backend = new Bubblewrap(bwrap, {
      ...options,
      isRoot: process.getuid?.() === 0,
      features: { ...newer, userNamespace },
    });
    const refused = await tryOut(backend, signal);
    if (refused === undefined) return { works: true, backend };
    backend[Symbol.dispose]();
    attempts.push(refused);
  }
  return broken(`Bubblewrap is installed but does not work: ${attempts[0]}${await appArmorHint()}`);
}

const systemPath = "/usr/local/bin:/usr/bin:/bin";
const probeTimeoutMs = 10_000;
const mostReapMs = 2_000;

function broken(problem: string): FoundBackend {
  return {
    works: false,
    because: `${problem.replace(/\.+$/, "")}. Commands are refused; sandbox.mode = “never” would run them unprotected, with all that the gateway's user may do.`,
  };
}

class Bubblewrap implements Backend {
  readonly name = "bubblewrap";
  readonly because: string;
  readonly #bwrap: string;
  readonly #view: BubblewrapView;
  readonly #filter: UnnamedFile | undefined;

  constructor(bwrap: string, view: BubblewrapView) {
    const filter = syscallFilter(process.arch);
    this.#bwrap = bwrap;
    this.#view = view;
    this.#filter = filter && new UnnamedFile(filter);
    this.because = `Commands run in bubblewrap: they see the workspace and the system's programs${view.network ? "" : ", and no network"}.`;
  }

  launch(command: Command): Launch {
    const { workspace } = this.#view;
    const info = new UnnamedFile();
    const group = ControlGroup.make();
    const filterFd = this.#filter?.reopen();
    const cpuSeconds = Math.ceil(command.timeoutMs / 1_000);
    const program = limited(command.argv, { processes: countsProcessesApart(), cpuSeconds });
    const argv = [
      this.#bwrap,
      "--info-fd",
      "3",
      ...(filterFd === undefined ? [] : ["--seccomp", "4"]),
      ...bubblewrapArguments(this.#view),
      ...program,
    ];
    return {
      argv: group ? group.entered(argv) : argv,
      // Bubblewrap's own environment can be read from inside (/proc/1/environ), so it gets the program's and no other.
      env: environment(workspace),
      cwd: "/",
      files: [info.fd, ...(filterFd === undefined ? [] : [filterFd])],
      hold: processGroup,
      reap: () => reap(info.text(), group),
      setupProblem: (exitCode, words) => {
        const isReached = info.text() !== "" && !words.startsWith("bwrap: ");
        if (exitCode === 0 || isReached) return undefined;
        return words.replace(/^bwrap: /, "").trim() || `it ended with exit code ${exitCode}`;
      },
      [Symbol.dispose]: () => {
        group?.remove();
        info[Symbol.dispose]();
        if (filterFd !== undefined) closeSync(filterFd);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#filter?.[Symbol.dispose]();
  }
}

/** Since Linux 5.14 a limit on processes counts those of the user namespace; before, all that the user runs on the host. */
function countsProcessesApart(): boolean {
  const release = process.getBuiltinModule("node:os").release();
  return Bun.semver.satisfies(release.split("-")[0] ?? "", ">=5.14.0");
}

async function newerFeatures(bwrap: string): Promise<Omit<BubblewrapFeatures, "userNamespace"> | undefined> {
  try {
    const asked = Bun.spawn([bwrap, "--help"], {
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
      timeout: probeTimeoutMs,
    });
    const help = await asked.stdout.text();
    return { disableUserns: help.includes("--disable-userns"), size: help.includes("--size") };
  } catch (error) {
    if (codeOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** Runs a program that does nothing; answers with what prevented it. */
async function tryOut(backend: Backend, signal: AbortSignal): Promise<string | undefined> {
  const command: Command = { argv: ["true"], timeoutMs: probeTimeoutMs, keepBytes: 4_096 };
  const { result, problem } = await runProgram(backend, command, signal);
  if (problem !== undefined) return problem;
  if (result.exitCode === 0) return undefined;
  return result.output.trim() || `it ended by ${result.endedBy}, code ${result.exitCode ?? "none"}`;
}

/**
 * Waits until the first process of the sandbox's PID namespace is gone, because the kernel ends all others before it, and
 * until the control group is empty.
 */
async function reap(info: string, group: ControlGroup | undefined): Promise<boolean> {
  const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1];
  const isOver = () => (pid === undefined || !isAlive(pid)) && (!group || group.remove());
  const giveUpAt = performance.now() + mostReapMs;
  for (let pauseMs = 1; !isOver(); pauseMs = Math.min(50, pauseMs * 2)) {
    if (performance.now() > giveUpAt) return false;
    await Bun.sleep(pauseMs);
  }
  return true;
}

/** Is this still the sandbox's first process, and not yet a zombie? */
function isAlive(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^\d+ \(bwrap\) [^ZX]/.test(stat);
  } catch (error) {
    if (codeOf(error) !== undefined) return false;
    throw error;
  }
}

async function appArmorHint(): Promise<string> {
  const restricted = await Bun.file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    .text()
    .catch(() => "0");
  return restricted.trim() === "1"
    ? " (AppArmor keeps users from making namespaces here, as in Ubuntu 24.04; an AppArmor profile for bwrap that says “userns,” allows it again)"
    : "";
}

import type { Backend, Launch } from "./backend.ts";
import type { Command } from "./command.ts";
import { openKernel, WindowsJob } from "./windows-job.ts";

/** As the host elsewhere: nothing is kept apart. Each program runs in a job of its own, which ends with it. */
export function openWindowsHost(workspace: string, because: string): Backend {
  const kernel = openKernel();
  return {
    name: "none",
    because,
    launch: ({ argv }) => launch(argv, workspace, new WindowsJob(kernel)),
    [Symbol.dispose]: () => {},
  };
}

function launch(argv: Command["argv"], workspace: string, job: WindowsJob): Launch {
  return {
    ...commandLine(argv),
    // To these, Windows programs get what they cannot do without: SystemDrive, TEMP, USERNAME and the like.
    env: {
      PATH: String.raw`C:\Windows\System32;C:\Windows;C:\Windows\System32\WindowsPowerShell\v1.0`,
      SystemRoot: String.raw`C:\Windows`,
      USERPROFILE: workspace,
    },
    cwd: workspace,
    files: [],
    hold: (pid) => {
      job.add(pid);
      // Windows has no way to ask a program that has no window.
      return () => job.end();
    },
    reap: () => job.isOver(mostReapMs),
    setupProblem: () => undefined,
    [Symbol.dispose]: () => job[Symbol.dispose](),
  };
}

const mostReapMs = 2_000;

/** cmd.exe reads its command line by rules of its own: with /s, all between the outermost quotes as it is. */
function commandLine(argv: Command["argv"]): Pick<Launch, "argv" | "isVerbatim"> {
  if (argv[0] !== "cmd.exe") return { argv };
  return { argv: [...argv.slice(0, -1), `"${argv.at(-1)}"`], isVerbatim: true };
}

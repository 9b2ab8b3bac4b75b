import type { Backend } from "./backend.ts";
import { environment, limited } from "./limits.ts";

/** Programs run on the host itself, with limits and an environment of their own, and with nothing kept apart. */
export function hostBackend(workspace: string): Backend {
  const isWindows = process.platform === "win32";
  return {
    name: "none",
    because: "Commands run on this machine itself, with all that the gateway's user may do: sandbox.mode is “never”.",
    launch: ({ argv, timeoutMs }) => ({
      argv: isWindows ? argv : limited(argv, { processes: false, cpuSeconds: Math.ceil(timeoutMs / 1_000) }),
      env: environment(workspace),
      cwd: workspace,
      files: [],
      reap: () => Promise.resolve(true),
      setupProblem: () => undefined,
      [Symbol.dispose]: () => {},
    }),
    [Symbol.dispose]: () => {},
  };
}

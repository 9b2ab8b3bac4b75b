import type { Backend } from "./backend.ts";
import { environment, limited } from "./limits.ts";
import { processGroup } from "./process-group.ts";

/** Programs run on the host itself, with limits and an environment of their own, and with nothing kept apart. */
export async function openHost(workspace: string): Promise<Backend> {
  if (process.platform !== "win32") return posixHost(workspace);
  const { openWindowsHost } = await import("./windows-host.ts");
  return openWindowsHost(workspace, because);
}

const because =
  "Commands run on this machine itself, with all that the gateway's user may do: sandbox.mode is “never”.";

function posixHost(workspace: string): Backend {
  return {
    name: "none",
    because,
    launch: ({ argv, timeoutMs }) => ({
      argv: limited(argv, { processes: false, cpuSeconds: Math.ceil(timeoutMs / 1_000) }),
      env: environment(workspace),
      cwd: workspace,
      files: [],
      hold: processGroup,
      reap: () => Promise.resolve(true),
      setupProblem: () => undefined,
      [Symbol.dispose]: () => {},
    }),
    [Symbol.dispose]: () => {},
  };
}

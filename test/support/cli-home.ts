import { join } from "node:path";

export const fromSource = [process.execPath, "run", join(import.meta.dir, "../../src/main.ts")] as const;

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole program as a process, on a home of its own. */
export async function run(home: string, ...argv: readonly string[]): Promise<Ran> {
  const child = Bun.spawn([...fromSource, ...argv], {
    cwd: home,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: home, OPENCLAW_HOME: home },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

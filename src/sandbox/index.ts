/** The only processes: run, limits, path jail, platform backends. */
export { type Jail, JailError } from "./jail.ts";
export type { Command, RunResult, Sandbox, SandboxStatus } from "./sandbox.ts";

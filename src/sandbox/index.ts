/** The only processes: run, limits, path jail, platform backends. */
export type { Command, RunResult } from "./command.ts";
export { type Jail, openJail } from "./jail.ts";
export { JailError } from "./jail-error.ts";
export type { FileList, ListOptions } from "./list-files.ts";
export { openSandbox, type Sandbox, SandboxError, type SandboxOptions, type SandboxStatus } from "./sandbox.ts";
export { sandboxSettings, type SandboxSettings } from "./settings.ts";

import { isSystemError, systemReason } from "#base";
import { expandTilde, type Home } from "#config";
import { fault } from "#protocol";
import { type Jail, JailError, openJail } from "#sandbox";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

export interface Workspace {
  readonly folder: string;
  readonly jail: Jail;
}

export interface WorkspaceOptions {
  readonly home: Home;
  /** As the settings have it: absolute, from the home on, or with `~` for the person's own folder. */
  readonly configured: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The folder that the agent works in, made when it is not there. A `configInvalid` fault when it cannot be used. */
export async function openWorkspace({ home, configured, environment }: WorkspaceOptions): Promise<Workspace> {
  const folder = resolve(home.root, expandTilde(configured ?? home.workspace, environment));
  try {
    mkdirSync(folder, { recursive: true });
    return { folder, jail: await openJail(folder, [home.state, home.credentials]) };
  } catch (error) {
    if (error instanceof JailError) throw unusable(folder, error.message, error);
    if (isSystemError(error)) throw unusable(folder, systemReason(error), error);
    throw error;
  }
}

function unusable(folder: string, because: string, cause: Error): Error {
  const problem = `agents.defaults.workspace: ${folder} cannot be the agent's workspace: ${because}.`;
  return fault.configInvalid({ problem }, cause);
}

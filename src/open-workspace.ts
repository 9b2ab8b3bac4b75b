import type { Agent } from "#agent";
import { isSystemError, systemReason } from "#base";
import type { Home } from "#config";
import { fault } from "#protocol";
import { type Jail, JailError, openJail } from "#sandbox";
import { mkdirSync } from "node:fs";

export interface WorkspaceOptions {
  readonly home: Home;
  readonly folder: string;
  readonly agent: Agent;
}

/** The folder that an agent works in, made when it is not there. A `configInvalid` fault when it cannot be used. */
export async function openWorkspace({ home, folder, agent }: WorkspaceOptions): Promise<Jail> {
  try {
    mkdirSync(folder, { recursive: true });
    return await openJail(folder, [home.state, home.credentials]);
  } catch (error) {
    const because = reasonOf(error);
    if (because === undefined) throw error;
    const setting = agent.isDefault ? "agents.defaults.workspace" : `agents.list: ${agent.id}.workspace`;
    const problem = `${setting}: ${folder} cannot be the agent's workspace: ${because}.`;
    throw fault.configInvalid({ problem }, error);
  }
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof JailError) return error.message;
  return isSystemError(error) ? systemReason(error) : undefined;
}

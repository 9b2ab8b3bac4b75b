import type { Agent } from "#agent";
import { expandTilde, type Home } from "#config";
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** Where the folders of agents are looked for. */
export interface Surroundings {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The folder that an agent works in: its own, or the usual one of its name. */
export function folderOf(agent: Agent, { home, environment }: Surroundings): string {
  const usual = agent.isDefault ? home.workspace : join(home.root, `workspace-${agent.id}`);
  return resolve(home.root, expandTilde(agent.workspace ?? usual, environment));
}

/**
 * Agents whose folders are one, or lie in one another: the tools of the one would reach what is the other's. All pairs, or
 * those with one agent.
 */
export function sharedFolders(agents: readonly Agent[], surroundings: Surroundings, only?: Agent): readonly string[] {
  const places = agents.map((agent) => ({ agent, folder: realFolder(folderOf(agent, surroundings)) }));
  return places.flatMap(({ agent, folder }, at) =>
    places
      .slice(0, at)
      .filter((other) => only === undefined || agent === only || other.agent === only)
      .filter((other) => isWithin(folder, other.folder) || isWithin(other.folder, folder))
      .map(
        (other) =>
          `The workspaces of the agents ${other.agent.id} and ${agent.id} overlap (${folder}); each needs its own.`,
      ),
  );
}

/** With links followed as far as the folder is there. */
function realFolder(folder: string): string {
  if (existsSync(folder)) return realpathSync(folder);
  const above = dirname(folder);
  return above === folder ? folder : join(realFolder(above), basename(folder));
}

function isWithin(folder: string, above: string): boolean {
  return folder === above || folder.startsWith(above.endsWith(sep) ? above : `${above}${sep}`);
}

import { nearest } from "#base";
import type { AgentsSettings } from "./settings.ts";

/** One agent, as the settings and their defaults make it. */
export interface Agent {
  readonly id: string;
  readonly name?: string;
  readonly isDefault: boolean;
  /** As somebody wrote it; the usual folder when absent. */
  readonly workspace?: string;
  /** `provider/model`; the configured default when absent. */
  readonly model?: string;
  /** What it says of tools; it takes away from what all agents have, and never adds. */
  readonly tools: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  readonly maxSteps: number;
  readonly timeoutSeconds: number;
}

export interface Roster {
  /** In the order of the settings; never empty. */
  readonly agents: readonly Agent[];
  /** Answers where nobody is named. */
  readonly main: Agent;
  find(id: string): Agent | undefined;
}

const onlyAgent = "main";

/** Who the agents are. Without a list there is one, named `main`. */
export function rosterOf({ defaults, list }: AgentsSettings): Roster {
  const entries = list.length > 0 ? list : [{ id: onlyAgent }];
  const mainAt = Math.max(
    0,
    entries.findIndex((entry) => entry.default === true),
  );
  const agents = entries.map((entry, at): Agent => {
    const isDefault = at === mainAt;
    const workspace = entry.workspace ?? (isDefault ? defaults.workspace : undefined);
    const model = entry.model?.primary ?? defaults.model.primary;
    return {
      id: entry.id,
      isDefault,
      ...(entry.name !== undefined && { name: entry.name }),
      ...(workspace !== undefined && { workspace }),
      ...(model !== undefined && { model }),
      tools: entry.tools ?? {},
      maxSteps: entry.maxSteps ?? defaults.maxSteps,
      timeoutSeconds: entry.timeoutSeconds ?? defaults.timeoutSeconds,
    };
  });
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const main = agents[mainAt];
  if (!main) throw new Error("a roster has at least one agent");
  return { agents, main, find: (id) => byId.get(id) };
}

/** What is wrong with the list of agents, for the person who wrote it. */
export function checkAgents({ list }: AgentsSettings, toolNames: readonly string[]): readonly string[] {
  const defaults = list.filter((entry) => entry.default === true);
  return list.flatMap(({ id, tools = {}, ...entry }, at) => {
    const where = `agents.list[${at}]`;
    const isTwin = list.findIndex((other) => other.id === id) < at;
    const isSecondDefault = entry.default === true && defaults[0] !== list[at];
    return [
      ...(isTwin ? [`${where}.id: there are two agents “${id}”.`] : []),
      ...(isSecondDefault ? [`${where}.default: “${defaults[0]?.id ?? ""}” is the default agent already.`] : []),
      ...checkTools(tools, where, toolNames),
    ];
  });
}

/** A tool that is denied by a wrong name is not denied. */
export function checkTools(
  { allow, deny }: Agent["tools"],
  where: string,
  known: readonly string[],
): readonly string[] {
  return [...unknownTools(`${where}.tools.allow`, allow, known), ...unknownTools(`${where}.tools.deny`, deny, known)];
}

function unknownTools(where: string, named: readonly string[] = [], known: readonly string[]): readonly string[] {
  return named
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? `the tools are: ${known.join(", ")}.` : `did you mean ${meant}?`;
      return `${where}: there is no tool “${name}”; ${hint}`;
    });
}

import {
  type Agent,
  type AgentsSettings,
  checkTools,
  createPrepareTurn,
  createSystemPrompt,
  type PreparedTurn,
  type PrepareTurn,
  type ReadWorkspaceFile,
  type Roster,
  rosterOf,
  workspaceMark,
} from "#agent";
import type { Log } from "#base";
import { Fault, fault } from "#protocol";
import type { Models } from "#providers";
import type { AgentListing } from "#rpc";
import { type Jail, JailError, openSandbox, type Sandbox, type SandboxSettings, type SandboxStatus } from "#sandbox";
import {
  allowedTools,
  createToolbox,
  type FileAccess,
  narrowedTools,
  type NodeAccess,
  type Tool,
  type ToolsSettings,
} from "#tools";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { folderOf, sharedFolders, type Surroundings } from "./agent-folders.ts";
import { openWorkspace } from "./open-workspace.ts";

export interface AgentsOptions extends Surroundings {
  /** Read anew for each turn; those of tools and sandbox count as they are at the start. */
  readonly settings: () => { readonly agents: AgentsSettings };
  readonly toolsSettings: ToolsSettings;
  readonly sandboxSettings: SandboxSettings;
  readonly tools: readonly Tool[];
  readonly nodes: NodeAccess;
  readonly files: FileAccess;
  readonly models: Models;
  readonly log: Log;
}

/** Every agent of the settings. What one works with is opened when it is first needed, and open until the gateway stops. */
export interface OpenAgents extends AsyncDisposable {
  roster(): Roster;
  readonly prepareTurn: PrepareTurn;
  /** As they are shown to people. */
  rows(): readonly AgentListing[];
  /** `provider/model` of what answers for it; undefined when none can be named. */
  modelOf(agent: Agent): string | undefined;
  /** Throws `agentNotFound`. */
  toolsOf(agentId: string): readonly Tool[];
  /** Of the default agent. */
  sandboxStatus(): Promise<SandboxStatus>;
}

/** A folder with all that was opened around it. */
interface Place {
  readonly workspace: Jail;
  readonly sandbox: Sandbox;
  readonly systemPrompt: () => Promise<string>;
}

const largestWorkspaceFile = 1024 * 1024;

/** Opens the default agent, so that a start fails whose workspace cannot be used: a `configInvalid` fault. */
export async function openAgents(options: AgentsOptions): Promise<OpenAgents> {
  const agents = new Agents(options);
  try {
    await agents.openMain();
    return agents;
  } catch (error) {
    await agents[Symbol.asyncDispose]();
    throw error;
  }
}

class Agents implements OpenAgents {
  readonly #options: AgentsOptions;
  readonly #held = new AsyncDisposableStack();
  readonly #places = new Map<string, Promise<Place>>();
  /** Of those that had a turn under the settings of now. */
  readonly #turns = new Map<Agent, Promise<PrepareTurn>>();
  #read: { readonly settings: AgentsSettings; readonly roster: Roster } | undefined;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** Settings are replaced as a whole when they change. */
  roster(): Roster {
    const { agents: settings } = this.#options.settings();
    if (this.#read?.settings === settings) return this.#read.roster;
    this.#turns.clear();
    this.#read = { settings, roster: rosterOf(settings) };
    return this.#read.roster;
  }

  readonly prepareTurn: PrepareTurn = async (wishes) => {
    const roster = this.roster();
    const agent = roster.find(wishes.agentId);
    if (!agent) return unready(agentNotFound(wishes.agentId, roster));
    try {
      const prepare = await this.#turnsOf(agent);
      return await prepare(wishes);
    } catch (error) {
      if (error instanceof Fault && error.code === "configInvalid") return unready(error);
      throw error;
    }
  };

  modelOf({ model }: Agent): string | undefined {
    return model ?? this.#options.models.defaultId();
  }

  rows(): readonly AgentListing[] {
    return this.roster().agents.map((agent) => {
      const { id, name, isDefault } = agent;
      const model = this.modelOf(agent);
      return { id, isDefault, ...(name !== undefined && { name }), ...(model !== undefined && { model }) };
    });
  }

  toolsOf(agentId: string): readonly Tool[] {
    const roster = this.roster();
    const agent = roster.find(agentId);
    if (!agent) throw agentNotFound(agentId, roster);
    const settings = narrowedTools(this.#options.toolsSettings, agent.tools);
    return allowedTools(this.#options.tools, settings, this.#options);
  }

  async sandboxStatus(): Promise<SandboxStatus> {
    return (await this.#placeOf(this.roster().main)).sandbox.status();
  }

  async openMain(): Promise<void> {
    await this.#placeOf(this.roster().main);
  }

  #turnsOf(agent: Agent): Promise<PrepareTurn> {
    const known = this.#turns.get(agent);
    if (known) return known;
    const prepare = this.#openTurns(agent);
    this.#turns.set(agent, prepare);
    prepare.catch(() => this.#turns.delete(agent)); // the next turn tries again
    return prepare;
  }

  async #openTurns(agent: Agent): Promise<PrepareTurn> {
    const { models, tools, toolsSettings, nodes, files, log } = this.#options;
    // Looked at before a start, too; but settings may change after it.
    const toolNames = tools.map(({ name }) => name);
    const problems = [
      ...sharedFolders(this.roster().agents, this.#options, agent),
      ...checkTools(agent.tools, `agents.list: ${agent.id}`, toolNames),
    ];
    if (problems.length > 0) throw fault.configInvalid({ problem: problems.join("\n") });
    const { workspace, sandbox, systemPrompt } = await this.#placeOf(agent);
    const settings = narrowedTools(toolsSettings, agent.tools);
    const toolbox = createToolbox({ tools, workspace, sandbox, settings, log, nodes, files });
    return createPrepareTurn({ models, toolbox, systemPrompt, agent: () => agent });
  }

  /** Not closed when the settings name another folder: a turn may be at work in it. */
  #placeOf(agent: Agent): Promise<Place> {
    const folder = folderOf(agent, this.#options);
    const known = this.#places.get(folder);
    if (known) return known;
    const place = this.#openPlace(agent, folder);
    this.#places.set(folder, place);
    place.catch(() => this.#places.delete(folder));
    return place;
  }

  async #openPlace(agent: Agent, folder: string): Promise<Place> {
    const { home, sandboxSettings, log } = this.#options;
    const workspace = await openWorkspace({ home, folder, agent });
    const sandbox = this.#held.use(
      await openSandbox({ ...sandboxSettings, workspace: folder, stateDir: home.state, log }),
    );
    const systemPrompt = createSystemPrompt({ read: reader(workspace, log), mark: workspaceMark(folder) });
    return { workspace, sandbox, systemPrompt };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#held.disposeAsync();
  }
}

function agentNotFound(id: string, { agents }: Roster): Fault {
  return fault.agentNotFound({ agent: id, known: agents.map((agent) => agent.id).join(", ") });
}

function unready({ code: kind, message }: Fault): PreparedTurn {
  return { ready: false, problem: { kind, message } };
}

/** Reads the files that shape the agent. One that must not be read (a link to elsewhere, too large) is left out, and the log says so. */
function reader(workspace: Jail, log: Log): ReadWorkspaceFile {
  return async (name) => {
    if (!existsSync(join(workspace.root, name))) return undefined;
    try {
      return new TextDecoder().decode(await workspace.read(name, largestWorkspaceFile));
    } catch (error) {
      if (!(error instanceof JailError)) throw error;
      log.warn("a file of the workspace was left out of the prompt", { name, because: error.message });
      return undefined;
    }
  };
}

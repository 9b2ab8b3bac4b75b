import { type Log, nearest } from "#base";
import type { Jail, Sandbox } from "#sandbox";
import type { TSchema } from "@sinclair/typebox";
import { problemWith } from "./check-args.ts";
import { clipMiddle } from "./clip-middle.ts";
import type { FileAccess } from "./file-access.ts";
import type { NodeAccess } from "./node-access.ts";
import { permittedNodes } from "./permitted-nodes.ts";
import { runBounded } from "./run-bounded.ts";
import type { ToolsSettings } from "./settings.ts";
import type { Tool, ToolContext, ToolOutput } from "./tool.ts";

/** What a model is told of a tool. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly params: TSchema;
}

export interface RequestedCall {
  readonly name: string;
  /** What came after JSON parsing, unchecked. */
  readonly args: unknown;
  /** Why the model's arguments could not even be parsed. */
  readonly argsProblem?: string;
}

export interface ToolOutcome {
  readonly text: string;
  readonly failed: boolean;
  readonly durationMs: number;
}

/** The tools that an agent has, and the one way to use them. */
export interface Toolbox {
  /** In alphabetical order. */
  specs(): readonly ToolSpec[];
  find(name: string): Tool | undefined;
  /**
   * Never rejects: an unknown tool, bad arguments, a tool that fails, breaks, takes too long or is cancelled are all
   * outcomes for the model to read. `runId` names the turn that asks.
   */
  run(call: RequestedCall, signal: AbortSignal, runId?: string): Promise<ToolOutcome>;
}

export function createToolbox(options: {
  readonly tools: readonly Tool[];
  readonly workspace: Jail;
  readonly sandbox: Sandbox;
  readonly settings: Omit<ToolsSettings, "media">;
  readonly log: Log;
  readonly nodes?: NodeAccess;
  readonly files?: FileAccess;
}): Toolbox {
  const { settings, log, files } = options;
  warnOfUnknown(options.tools, settings, log);
  const nodes = options.nodes && permittedNodes(options.nodes, settings.nodes);
  const tools = allowedTools(options.tools, settings, options);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const limits = {
    outputCharacters: settings.outputCharacters,
    commandTimeoutMs: settings.commandTimeoutSeconds * 1_000,
  };
  const attempt = (call: RequestedCall, signal: AbortSignal, runId?: string): Promise<ToolOutput> | ToolOutput => {
    const tool = byName.get(call.name);
    if (!tool) return { text: unknownTool(call.name, [...byName.keys()]), failed: true };
    const problem = call.argsProblem ?? problemWith(call.args, tool.params);
    if (problem !== undefined) return { text: problem, failed: true };
    const { workspace, sandbox } = options;
    const services = { ...(nodes && { nodes }), ...(files && runId !== undefined && filesOf(files, runId)) };
    return runBounded(tool, call.args, { workspace, sandbox, limits, signal, log, ...services });
  };
  return {
    specs: () => tools.map(({ name, description, params }) => ({ name, description, params })),
    find: (name) => byName.get(name),
    run: async (call, signal, runId) => {
      const startedAt = performance.now();
      const { text, failed = false } = await attempt(call, signal, runId);
      const durationMs = Math.round(performance.now() - startedAt);
      return { text: clipMiddle(text, limits.outputCharacters), failed, durationMs };
    },
  };
}

/** The files of the one turn. */
function filesOf(files: FileAccess, runId: string): Pick<ToolContext, "sendFile" | "openFile"> {
  return { sendFile: (file) => files.send(runId, file), openFile: (blob) => files.open(runId, blob) };
}

/** The tools that are left by what the settings allow and deny, and by what is there for them. */
export function allowedTools(
  tools: readonly Tool[],
  settings: Omit<ToolsSettings, "media">,
  { nodes, files }: { readonly nodes?: NodeAccess; readonly files?: FileAccess },
): readonly Tool[] {
  const { allow, deny } = settings;
  const there = {
    nodes: nodes !== undefined && permittedNodes(nodes, settings.nodes) !== undefined,
    files: files !== undefined,
  };
  return tools.filter(
    ({ name, needs }) =>
      !deny.includes(name) && (allow?.includes(name) ?? true) && (needs === undefined || there[needs]),
  );
}

function unknownTool(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return `There is no tool ${JSON.stringify(name.slice(0, 100))}.${hint} The tools are: ${known.join(", ") || "none"}.`;
}

function warnOfUnknown(
  tools: readonly Tool[],
  { allow = [], deny }: Pick<ToolsSettings, "allow" | "deny">,
  log: Log,
): void {
  const known = new Set(tools.map(({ name }) => name));
  const unknown = [...allow, ...deny].filter((name) => !known.has(name));
  if (unknown.length > 0) log.warn("the settings name tools that do not exist", { unknown, known: [...known] });
}

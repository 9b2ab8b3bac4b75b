import type { Jail, Sandbox } from "#sandbox";
import type { Static, TSchema } from "@sinclair/typebox";
import type { FileAnswer, FileForChat, FileOpened } from "./file-access.ts";
import type { NodeAccess } from "./node-access.ts";

/** What a tool may touch. Services are listed, never looked up. */
export interface ToolContext {
  readonly workspace: Jail;
  readonly sandbox: Sandbox;
  readonly limits: ToolLimits;
  readonly signal: AbortSignal;
  /** Other machines, as far as the settings let the agent use them. */
  readonly nodes?: NodeAccess;
  /** Brings a file to the chat that this turn answers; absent outside of a turn. */
  readonly sendFile?: (file: FileForChat) => Promise<FileAnswer>;
  /** Looks for a file that came with a message of this turn's conversation; absent outside of a turn. */
  readonly openFile?: (blob: string) => Promise<FileOpened>;
}

export interface ToolLimits {
  /** How much of an output the model gets; a tool that can go on where it stopped keeps below it. */
  readonly outputCharacters: number;
  /** For commands whose call names no time of its own. */
  readonly commandTimeoutMs: number;
}

export interface ToolOutput {
  /** What the model reads. */
  readonly text: string;
  /** The tool did not do what was asked; `text` says why. */
  readonly failed?: boolean;
}

/**
 * What a call leaves in the world. `none`: nothing, so it runs beside others. `idempotent`: the same, however often it is
 * done. `once`: more with each time, so nobody but the model may decide to do it again.
 */
export type ToolEffect = "none" | "idempotent" | "once";

/** One ability of the agent. */
export interface Tool<Params extends TSchema = TSchema> {
  readonly name: string;
  /** Tells the model what it does and when to use it. */
  readonly description: string;
  /** An object that takes no properties but its own, each with a description. */
  readonly params: Params;
  readonly effect: ToolEffect;
  readonly timeoutMs: number;
  /** What must be there for the agent to have this tool at all. */
  readonly needs?: "nodes" | "files";
  /** Throws only a `JailError`, which the model is told, or for a bug: all else that goes wrong in the world is an output with `failed`. */
  run(args: Static<Params>, context: ToolContext): Promise<ToolOutput>;
}

export function defineTool<Params extends TSchema>(tool: Tool<Params>): Tool<Params> {
  return tool;
}

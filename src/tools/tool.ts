import type { Static, TSchema } from "@sinclair/typebox";
import type { Jail, Sandbox } from "#sandbox";

/** What a tool may touch. Services are listed, never looked up. */
export interface ToolContext {
  readonly workspace: Jail;
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
}

export interface ToolOutput {
  /** What the model reads. */
  readonly text: string;
  /** The tool did not do what was asked; `text` says why. */
  readonly failed?: boolean;
}

/** One ability of the agent. */
export interface Tool<Params extends TSchema = TSchema> {
  readonly name: string;
  /** Tells the model what it does and when to use it. */
  readonly description: string;
  readonly params: Params;
  /** Changes nothing anywhere: may be repeated after a crash, and run beside others. */
  readonly isReadOnly: boolean;
  readonly timeoutMs: number;
  /** Throws only for a bug: what goes wrong in the world is an output with `failed`. */
  run(args: Static<Params>, context: ToolContext): Promise<ToolOutput>;
}

export function defineTool<Params extends TSchema>(tool: Tool<Params>): Tool<Params> {
  return tool;
}

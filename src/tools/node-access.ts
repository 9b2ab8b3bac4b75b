/** What the agent is told of a machine that it may use. */
export interface NodeListing {
  readonly nodeId: string;
  readonly name?: string;
  readonly platform: string;
  readonly isConnected: boolean;
  /** What an operator approved. */
  readonly commands: readonly string[];
}

export interface NodeCommand {
  readonly nodeId: string;
  readonly command: string;
  readonly params?: unknown;
  readonly timeoutMs?: number;
}

export type NodeAnswer =
  /** What the node said: JSON most of the time. */
  | { readonly done: true; readonly text: string }
  /** A sentence for the model. */
  | { readonly done: false; readonly because: string };

/** Other machines, from where the tools stand. */
export interface NodeAccess {
  list(): Promise<readonly NodeListing[]>;
  /** Rejects when the signal aborts, and for a bug. */
  invoke(command: NodeCommand, signal: AbortSignal): Promise<NodeAnswer>;
}

import { type Log, silentLog } from "#base";
import { openJail } from "#sandbox";
import {
  createToolbox,
  type FileAccess,
  type NodeAccess,
  type Tool,
  type Toolbox,
  type ToolOutcome,
  tools,
  type ToolsSettings,
} from "#tools";
import { sandboxAtHand, type SandboxAtHand } from "./sandbox.ts";

export interface ToolboxAtHand extends SandboxAtHand {
  readonly toolbox: Toolbox;
  use(name: string, args: unknown, signal?: AbortSignal): Promise<ToolOutcome>;
}

/** The tools over a workspace in a temp folder; commands run on the host, so that any machine can test them. */
export async function toolboxAtHand(
  options: {
    readonly tools?: readonly Tool[];
    readonly settings?: Partial<ToolsSettings>;
    readonly mode?: "always" | "never";
    readonly bwrap?: string;
    readonly log?: Log;
    readonly nodes?: NodeAccess;
    readonly files?: FileAccess;
  } = {},
): Promise<ToolboxAtHand> {
  const at = await sandboxAtHand({
    mode: options.mode ?? "never",
    ...(options.bwrap === undefined ? {} : { bwrap: options.bwrap }),
  });
  const toolbox = createToolbox({
    tools: options.tools ?? tools,
    workspace: await openJail(at.workspace, [at.stateDir]),
    sandbox: at.sandbox,
    settings: {
      deny: [],
      commandTimeoutSeconds: 5,
      outputCharacters: 32_768,
      nodes: { enabled: true, allow: ["system.which"], ids: ["*"] },
      ...options.settings,
    },
    log: options.log ?? silentLog,
    nodes: options.nodes ?? oneNode,
    files: options.files ?? oneChat,
  });
  return {
    ...at,
    toolbox,
    use: (name, args, signal = new AbortController().signal) => toolbox.run({ name, args }, signal, "run-1"),
  };
}

/** A chat that takes every file, and in which every id is that of one. */
const oneChat: FileAccess = {
  send: async () => ({ taken: true, mimeType: "text/plain" }),
  open: async () => ({
    found: true,
    name: "sent.txt",
    mimeType: "text/plain",
    bytes: new TextEncoder().encode("sent"),
  }),
};

/** A machine that finds every program. */
const oneNode: NodeAccess = {
  list: async () => [
    { nodeId: "n1", name: "laptop", platform: "linux", isConnected: true, commands: ["system.run", "system.which"] },
  ],
  invoke: async () => ({ done: true, text: `{"bins":{"git":"/usr/bin/git"}}` }),
};

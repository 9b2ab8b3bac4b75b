import type { Rpc } from "#rpc";
import type { NodeAccess } from "#tools";

/** The machines behind RPC, as the agent's tool wants to see them. */
export function nodeAccess(nodes: () => Rpc["nodes"]): NodeAccess {
  return {
    list: async () =>
      (await nodes().list()).map(({ nodeId, displayName, platform, connected, commands }) => ({
        nodeId,
        ...(displayName !== undefined && { name: displayName }),
        platform,
        isConnected: connected,
        commands,
      })),
    invoke: async (command, signal) => {
      const asked = await nodes().invoke(command, signal);
      return asked.done ? { done: true, text: asked.answer.payloadJson ?? "" } : asked;
    },
  };
}

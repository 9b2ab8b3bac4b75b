import { Fault, type Scope } from "#protocol";
import type { Caller } from "../caller.ts";
import type { NodeRow } from "../node-row.ts";
import type { NodesDoor } from "./door.ts";
import type { Answer, Asked } from "./invoke-node.ts";

/** The machines that the agent may use, for the agent. */
export interface AgentNodes {
  list(): Promise<readonly NodeRow[]>;
  /** What was planned for is said in a sentence. Rejects when the signal aborts, and for a bug. */
  invoke(asked: Asked, signal: AbortSignal): Promise<AgentAnswer>;
}

export type AgentAnswer =
  | { readonly done: true; readonly answer: Answer }
  | { readonly done: false; readonly because: string };

/**
 * The agent may ask what its owner may: the settings say which commands it has at all, and operators have said which ones a
 * node has.
 */
const agent: Caller = {
  id: "agent",
  address: "",
  isAuthenticated: true,
  role: "operator",
  deviceId: "agent",
  scopes: new Set<Scope>(["operator.admin"]),
};

export function agentNodes(door: NodesDoor): AgentNodes {
  return {
    list: async () => (await door.open()).list(),
    invoke: async (asked, signal) => {
      try {
        const nodes = await door.open();
        return { done: true, answer: await nodes.invoke(asked, agent, signal) };
      } catch (error) {
        if (error instanceof Fault) return { done: false, because: error.message };
        throw error;
      }
    },
  };
}

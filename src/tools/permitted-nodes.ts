import type { NodeAccess, NodeListing } from "./node-access.ts";
import type { ToolsSettings } from "./settings.ts";

type NodesPolicy = ToolsSettings["nodes"];

/** Commands that run programs or reach into files: whoever wants the agent to have one says so by its whole name. */
const mustBeNamed = /^(browser|desktop|dir|file|fs|mcp|terminal|workspace)\.|^system\.(run|execApprovals)/;

/** Of the machines there are, what the settings let the agent use; undefined when that is nothing. */
export function permittedNodes(access: NodeAccess, policy: NodesPolicy): NodeAccess | undefined {
  if (!policy.enabled || policy.allow.length === 0 || policy.ids.length === 0) return undefined;
  const isPermittedNode = (nodeId: string) => policy.ids.includes("*") || policy.ids.includes(nodeId);
  const permitted = (node: NodeListing): NodeListing => ({
    ...node,
    commands: node.commands.filter((command) => isPermittedCommand(command, policy)),
  });
  return {
    list: async () => (await access.list()).filter(({ nodeId }) => isPermittedNode(nodeId)).map(permitted),
    invoke: async (asked, signal) => {
      const { nodeId, command } = asked;
      if (!isPermittedNode(nodeId)) return { done: false, because: "The settings do not let you use this node." };
      if (isPermittedCommand(command, policy)) return access.invoke(asked, signal);
      return {
        done: false,
        because: `The settings do not let you use the command ${JSON.stringify(command)}; the owner can add it to tools.nodes.allow.`,
      };
    },
  };
}

export function isPermittedCommand(command: string, { allow }: Pick<NodesPolicy, "allow">): boolean {
  if (allow.includes(command)) return true;
  if (mustBeNamed.test(command)) return false;
  return allow.some((pattern) => pattern.endsWith(".*") && command.startsWith(pattern.slice(0, -1)));
}

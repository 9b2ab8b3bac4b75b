/** What the agent can do, one entry each. */
export type { FileAccess, FileAnswer, FileForChat, FileOpened } from "./file-access.ts";
export type { NodeAccess, NodeAnswer, NodeCommand, NodeListing } from "./node-access.ts";
export { type AudioSettings, narrowedTools, toolsSettings, type ToolsSettings } from "./settings.ts";
export { defineTool, type Tool, type ToolContext, type ToolEffect, type ToolLimits, type ToolOutput } from "./tool.ts";
export {
  allowedTools,
  createToolbox,
  type RequestedCall,
  type Toolbox,
  type ToolOutcome,
  type ToolSpec,
} from "./toolbox.ts";
export { tools } from "./tools.ts";

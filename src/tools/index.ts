/** What the agent can do, one entry each. */
export { defineTool, type Tool, type ToolContext, type ToolOutput } from "./tool.ts";

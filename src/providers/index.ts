/** Model APIs as event streams, one entry each. */
export type { ModelEvent, ModelProblem, ModelRequest, ModelStop, Provider, ToolSpec } from "./provider.ts";

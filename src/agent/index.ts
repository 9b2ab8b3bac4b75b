/** What to do next: one turn as the events it causes. */
export { finishCalls, unknownResult } from "./finish-calls.ts";
export {
  type ModelInput,
  modelRequest,
  type ModelRequest,
  type ReadPicture,
  type RequestFrame,
} from "./model-request.ts";
export { createPrepareTurn, type PreparedTurn, type PrepareTurn } from "./prepare-turn.ts";
export { type Agent, checkAgents, checkTools, type Roster, rosterOf } from "./roster.ts";
export { agentsSettings, type AgentsSettings, mentionPatterns } from "./settings.ts";
export { workspaceMark } from "./workspace-mark.ts";
export { createSystemPrompt, type ReadWorkspaceFile, workspaceFiles, type WorkspaceMark } from "./system-prompt.ts";
export {
  type RequestedCall,
  takeTurn,
  type TurnEvent,
  type TurnInput,
  type TurnModel,
  type TurnTools,
} from "./take-turn.ts";

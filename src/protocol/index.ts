/** Shapes that cross a wire or a disk. */
export type { ConversationMessage } from "./conversation.ts";
export {
  type Delta,
  type EventKind,
  type EventOf,
  ownAnswer,
  SessionEvent,
  StopReason,
  type StoredEvent,
  ToolCall,
  TurnProblem,
} from "./event.ts";
export { Fault, fault, type FaultCode, faultCodes, type FaultData, faults } from "./fault.ts";
export { Address, type InboundMessage, MessageFile } from "./message.ts";
export { allScopes, permits, type RequiredScope, Scope } from "./scope.ts";
export { MessageState, MessageTrace, terminalStates, TraceStep } from "./trace.ts";
export { TranscriptRow } from "./transcript.ts";
export { addUsage, noUsage, Usage } from "./usage.ts";

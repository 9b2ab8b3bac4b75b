import { type Static, Type } from "@sinclair/typebox";
import { Usage } from "./usage.ts";

const TextBlock = Type.Object({ type: Type.Literal("text"), text: Type.String() });
const ThinkingBlock = Type.Object({ type: Type.Literal("thinking"), thinking: Type.String() });
const ToolCallBlock = Type.Object({
  type: Type.Literal("toolCall"),
  id: Type.String(),
  name: Type.String(),
  arguments: Type.Unknown(),
});

/**
 * One row of a conversation as clients see it, in the shape of the original's transcripts: `role` is user, assistant or
 * toolResult; `seq` is the row's place in the session's log; `runId` names the turn it belongs to.
 */
export const TranscriptRow = Type.Object({
  role: Type.Union([Type.Literal("user"), Type.Literal("assistant"), Type.Literal("toolResult")]),
  content: Type.Array(Type.Union([TextBlock, ThinkingBlock, ToolCallBlock])),
  timestamp: Type.Integer({ description: "Milliseconds since 1970." }),
  id: Type.String(),
  seq: Type.Integer(),
  runId: Type.Optional(Type.String()),
  sender: Type.Optional(Type.String()),
  idempotencyKey: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  usage: Type.Optional(Usage),
  stopReason: Type.Optional(Type.String()),
  errorMessage: Type.Optional(Type.String()),
  toolCallId: Type.Optional(Type.String()),
  toolName: Type.Optional(Type.String()),
  isError: Type.Optional(Type.Boolean()),
});
export type TranscriptRow = Static<typeof TranscriptRow>;

import { type Static, Type } from "@sinclair/typebox";
import { Address, MessageFile } from "./message.ts";
import { Usage } from "./usage.ts";

/** One call of a tool as the model asked for it. `args` is what came after JSON parsing, unchecked. */
export const ToolCall = Type.Object({ id: Type.String(), name: Type.String(), args: Type.Unknown() });
export type ToolCall = Static<typeof ToolCall>;

const SessionStarted = Type.Object({
  kind: Type.Literal("SessionStarted"),
  key: Type.String(),
  agentId: Type.String(),
  channel: Type.String(),
  peerId: Type.Optional(Type.String()),
});

const MessageReceived = Type.Object({
  kind: Type.Literal("MessageReceived"),
  runId: Type.String(),
  messageId: Type.String({ description: "Ours, or the platform's where the message came from one." }),
  from: Address,
  sender: Type.String(),
  text: Type.String(),
  files: Type.Optional(Type.Array(MessageFile, { description: "Files that came with it; `text` names them too." })),
});

const ToolCalled = Type.Object({
  kind: Type.Literal("ToolCalled"),
  runId: Type.String(),
  callId: Type.String(),
  tool: Type.String(),
  params: Type.Unknown(),
});

const ToolResult = Type.Object({
  kind: Type.Literal("ToolResult"),
  runId: Type.String(),
  callId: Type.String(),
  tool: Type.String(),
  success: Type.Boolean(),
  result: Type.String(),
  durationMs: Type.Integer(),
});

/** Why an answer of the model ended. All but `toolUse` end the turn. */
export const StopReason = Type.Union([
  Type.Literal("stop"),
  Type.Literal("toolUse"),
  Type.Literal("length"),
  Type.Literal("aborted"),
  Type.Literal("error"),
]);
export type StopReason = Static<typeof StopReason>;

/** Why a turn has no answer: a word for programs, a sentence for people. */
export const TurnProblem = Type.Object({ kind: Type.String(), message: Type.String() });
export type TurnProblem = Static<typeof TurnProblem>;

/** What the model was asked with, on the first answer of a turn or of its continuation after a crash. */
const PromptMark = Type.Object({
  hash: Type.String({ description: "The blob that holds the system prompt, the tools and the model's limits." }),
  upTo: Type.Integer({ description: "The seq of the last event that the conversation was made of." }),
});

const AgentResponse = Type.Object({
  kind: Type.Literal("AgentResponse"),
  runId: Type.String(),
  text: Type.String(),
  thinking: Type.Optional(Type.String()),
  toolCalls: Type.Array(ToolCall),
  stopReason: StopReason,
  askedAt: Type.Optional(Type.Integer({ description: "When the model was asked, in milliseconds since 1970." })),
  prompt: Type.Optional(PromptMark),
  problem: Type.Optional(TurnProblem),
  provider: Type.String(),
  model: Type.String(),
  usage: Usage,
});

/** What an answer is said to come from that the gateway gave itself. No model is told of it, nor of what it answers. */
export const ownAnswer = { provider: "openclaw", model: "gateway-injected" } as const;

const MessageSent = Type.Object({
  kind: Type.Literal("MessageSent"),
  messageId: Type.String({ minLength: 1, description: "The platform's: without one, nobody knows that it was sent." }),
  to: Address,
  text: Type.String(),
  runId: Type.Optional(
    Type.String({ description: "The turn whose answer was delivered; absent when it is a message of its own." }),
  ),
});

const StateChanged = Type.Object({
  kind: Type.Literal("StateChanged"),
  key: Type.String(),
  value: Type.Unknown(),
});

const SessionEnded = Type.Object({
  kind: Type.Literal("SessionEnded"),
  reason: Type.Union([Type.Literal("reset"), Type.Literal("deleted")]),
});

/** What can happen in a session: the eight kinds of the event-sourced session model. Each says all that the log keeps of it. */
export const SessionEvent = Type.Union([
  SessionStarted,
  MessageReceived,
  ToolCalled,
  ToolResult,
  AgentResponse,
  MessageSent,
  StateChanged,
  SessionEnded,
]);
export type SessionEvent = Static<typeof SessionEvent>;
export type EventKind = SessionEvent["kind"];
export type EventOf<Kind extends EventKind> = Extract<SessionEvent, { kind: Kind }>;

/** An event where the log put it: its place in its session's chain. */
export interface StoredEvent {
  /** A UUID version 7. */
  readonly id: string;
  readonly sessionId: string;
  /** 1 for the first event of its session, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970; for people, not for order. */
  readonly at: number;
  /** The event this one follows from; absent for the first. */
  readonly parentId?: string;
  /** SHA-256 over the hash before it and all of this event, in hexadecimal. */
  readonly hash: string;
  readonly event: SessionEvent;
}

/** What streams by while a turn runs. It is shown and forgotten: the whole follows as an `AgentResponse`. */
export interface Delta {
  readonly kind: "TextDelta" | "ThinkingDelta";
  readonly runId: string;
  readonly text: string;
}

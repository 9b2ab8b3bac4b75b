import { type Static, Type } from "@sinclair/typebox";
import { Usage } from "./usage.ts";

/**
 * Where a message stands: received → started → answered → delivered, or at one of the other ends. `failed` is a turn
 * without an answer, `cancelled` one that was stopped, `deadLettered` an answer that could not be delivered.
 */
export const MessageState = Type.Union([
  Type.Literal("received"),
  Type.Literal("started"),
  Type.Literal("answered"),
  Type.Literal("delivered"),
  Type.Literal("failed"),
  Type.Literal("cancelled"),
  Type.Literal("deadLettered"),
]);
export type MessageState = Static<typeof MessageState>;

export const terminalStates: ReadonlySet<MessageState> = new Set(["delivered", "failed", "cancelled", "deadLettered"]);

export const TraceStep = Type.Object({
  at: Type.Integer({ description: "Milliseconds since 1970." }),
  seq: Type.Optional(
    Type.Integer({ description: "Its place in the session's log; absent for what the log does not hold." }),
  ),
  what: Type.Union([
    Type.Literal("received"),
    Type.Literal("started"),
    Type.Literal("resumed"),
    Type.Literal("toolsAsked"),
    Type.Literal("toolCalled"),
    Type.Literal("toolResult"),
    Type.Literal("answered"),
    Type.Literal("failed"),
    Type.Literal("cancelled"),
    Type.Literal("deliveryTried"),
    Type.Literal("deliveryUncertain"),
    Type.Literal("deliveryFailed"),
    Type.Literal("deliveryReplayed"),
    Type.Literal("deliveryDropped"),
    Type.Literal("deliveryEdited"),
    Type.Literal("deliveryWithdrawn"),
    Type.Literal("delivered"),
  ]),
  about: Type.String({ description: "For a person; may be empty." }),
  durationMs: Type.Optional(Type.Integer()),
});
export type TraceStep = Static<typeof TraceStep>;

const Cost = Type.Union([Type.Number(), Type.Literal("unknown")], {
  description: "In US dollars; `unknown` where the settings give no prices.",
});

/** What became of one message, read from the log, the receipts and the outbox. */
export const MessageTrace = Type.Object({
  runId: Type.Optional(Type.String({ description: "Absent for a message that was sent and answers none." })),
  messageId: Type.String(),
  sessionKey: Type.String(),
  sessionId: Type.String(),
  state: MessageState,
  isTerminal: Type.Boolean(),
  receivedAt: Type.Integer(),
  steps: Type.Array(TraceStep),
  isCut: Type.Boolean({ description: "The log goes on for longer than was looked at." }),
  waits: Type.Object({
    queueMs: Type.Optional(Type.Integer({ description: "From its arrival to the start of its turn." })),
    modelMs: Type.Integer(),
    toolsMs: Type.Integer(),
    deliveryMs: Type.Optional(Type.Integer({ description: "From the answer to its delivery." })),
  }),
  models: Type.Array(
    Type.Object({ provider: Type.String(), model: Type.String(), calls: Type.Integer(), usage: Usage, costUsd: Cost }),
  ),
  costUsd: Cost,
  outstanding: Type.Array(Type.String({ description: "What is still owed, for a person." })),
});
export type MessageTrace = Static<typeof MessageTrace>;

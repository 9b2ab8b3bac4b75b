import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { type Scope, TranscriptRow, Usage } from "#protocol";
import type { Interests } from "./interests.ts";
import { SurfaceRow, ToldStats } from "./node-row.ts";
import type { Tellable } from "./outgoing.ts";
import { PairingRow } from "./device-rows.ts";

interface EventKind<Name extends string, Payload extends TSchema> {
  readonly name: Name;
  /** One sentence, for the reference. */
  readonly summary: string;
  readonly scope: Scope;
  /** May be left out for a client that is slow to read: what follows makes up for it. */
  readonly isDroppable: boolean;
  readonly isFor?: (interests: Interests | undefined) => boolean;
  readonly payload: Payload;
}

const ofRun = { sessionKey: Type.String(), runId: Type.String() };

const AssistantMessage = Type.Object({
  role: Type.Literal("assistant"),
  content: Type.Array(Type.Object({ type: Type.Literal("text"), text: Type.String() })),
  timestamp: Type.Integer({ description: "Milliseconds since 1970." }),
});

const SessionChange = Type.Union([
  Type.Literal("create"),
  Type.Literal("send"),
  Type.Literal("end", { description: "A turn has ended, but for an error." }),
  Type.Literal("error"),
  Type.Literal("patch"),
  Type.Literal("reset"),
  Type.Literal("delete"),
]);

/** What clients are told, most of it without asking, in alphabetical order. */
export const wireEvents = [
  defineEvent({
    name: "agent.text",
    summary: "A piece of what the model says, as it says it.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ ...ofRun, text: Type.String() }),
  }),
  defineEvent({
    name: "agent.thinking",
    summary: "A piece of what the model thinks, as it thinks it.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ ...ofRun, text: Type.String() }),
  }),
  defineEvent({
    name: "agent.tool.result",
    summary: "A tool has ended; a long result is clipped.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({
      ...ofRun,
      callId: Type.String(),
      tool: Type.String(),
      success: Type.Boolean(),
      result: Type.String(),
      durationMs: Type.Integer(),
    }),
  }),
  defineEvent({
    name: "agent.tool.start",
    summary: "The agent calls a tool.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({ ...ofRun, callId: Type.String(), tool: Type.String(), params: Type.Unknown() }),
  }),
  defineEvent({
    name: "chat",
    summary: "How a turn goes: any number of deltas, then exactly one of final, aborted and error.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({
      ...ofRun,
      state: Type.Union([Type.Literal("delta"), Type.Literal("final"), Type.Literal("aborted"), Type.Literal("error")]),
      deltaText: Type.Optional(Type.String({ description: "What comes behind the text so far." })),
      message: Type.Optional(AssistantMessage),
      errorMessage: Type.Optional(Type.String()),
      stopReason: Type.Optional(Type.String()),
      usage: Type.Optional(Usage),
    }),
  }),
  defineEvent({
    name: "device.pair.changed",
    summary: "Something about the paired devices is different; `device.pair.list` has it.",
    scope: "operator.pairing",
    isDroppable: false,
    payload: Type.Object({}),
  }),
  defineEvent({
    name: "device.pair.requested",
    summary: "A device waits for somebody's yes.",
    scope: "operator.pairing",
    isDroppable: false,
    payload: PairingRow,
  }),
  defineEvent({
    name: "device.pair.resolved",
    summary: "A device that waited was approved or rejected.",
    scope: "operator.pairing",
    isDroppable: false,
    payload: Type.Object({
      requestId: Type.String(),
      deviceId: Type.String(),
      decision: Type.Union([Type.Literal("approved"), Type.Literal("rejected")]),
      ts: Type.Integer({ description: "Milliseconds since 1970." }),
    }),
  }),
  defineEvent({
    name: "message",
    summary: "A row of a conversation is on disk: a message, a step of an answer, what a tool gave, the answer.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({ sessionKey: Type.String(), message: TranscriptRow }),
  }),
  defineEvent({
    name: "node.hostStats",
    summary: "How a node is doing.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ nodeId: Type.String(), hostStats: ToldStats }),
  }),
  defineEvent({
    name: "node.pair.requested",
    summary: "A node offers what nobody has approved yet.",
    scope: "operator.pairing",
    isDroppable: false,
    payload: SurfaceRow,
  }),
  defineEvent({
    name: "node.pair.resolved",
    summary: "What a node offers was approved or rejected.",
    scope: "operator.pairing",
    isDroppable: false,
    payload: Type.Object({
      requestId: Type.String(),
      nodeId: Type.String(),
      decision: Type.Union([Type.Literal("approved"), Type.Literal("rejected")]),
      ts: Type.Integer({ description: "Milliseconds since 1970." }),
    }),
  }),
  defineEvent({
    name: "node.presence",
    summary: "A node has come or gone.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({ nodeId: Type.String(), connected: Type.Boolean(), ts: Type.Integer() }),
  }),
  defineEvent({
    name: "presence",
    summary: "Clients have come or gone.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ connections: Type.Integer({ description: "Those that authenticated." }) }),
  }),
  defineEvent({
    name: "sessions.changed",
    summary: "A session has come, gone or changed; for those who called `sessions.subscribe`.",
    scope: "operator.read",
    isDroppable: false,
    isFor: (interests) => interests?.followsSessions ?? false,
    payload: Type.Object({
      sessionKey: Type.String(),
      reason: SessionChange,
      runId: Type.Optional(Type.String()),
    }),
  }),
  defineEvent({
    name: "shutdown",
    summary: "The gateway is stopping; the connection is closed next.",
    scope: "operator.read",
    isDroppable: false,
    payload: Type.Object({ reason: Type.String() }),
  }),
  defineEvent({
    name: "tick",
    summary: "The gateway is alive.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ time: Type.Integer({ description: "Milliseconds since 1970." }) }),
  }),
  defineEvent({
    name: "typing",
    summary: "The agent has begun, or ended, what there is to do in a session.",
    scope: "operator.read",
    isDroppable: true,
    payload: Type.Object({ sessionKey: Type.String(), isTyping: Type.Boolean() }),
  }),
] as const;

type Kinds = (typeof wireEvents)[number];
export type EventName = Kinds["name"];
export type PayloadOf<Name extends EventName> = Static<Extract<Kinds, { name: Name }>["payload"]>;

/** An event on its way, in no dialect yet. */
export type WireEvent = { readonly [Name in EventName]: EventOfName<Name> }[EventName];

interface EventOfName<Name extends EventName> extends Tellable {
  readonly name: Name;
  readonly payload: PayloadOf<Name>;
}

const kinds: ReadonlyMap<EventName, EventKind<EventName, TSchema>> = new Map(
  wireEvents.map((kind) => [kind.name, kind]),
);

export function wireEvent<Name extends EventName>(
  name: Name,
  payload: PayloadOf<Name>,
  isDroppable = kinds.get(name)?.isDroppable ?? false,
): EventOfName<Name> {
  const { scope = "operator.admin", isFor } = kinds.get(name) ?? {};
  return { name, payload, isDroppable, scope, ...(isFor && { isFor }) };
}

function defineEvent<const Name extends string, Payload extends TSchema>(
  kind: EventKind<Name, Payload>,
): EventKind<Name, Payload> {
  return kind;
}

import { type Static, Type } from "@sinclair/typebox";
import { Usage } from "#protocol";
import type { SessionListing } from "#sessions";
import type { Services } from "./services.ts";

export const Thinking = Type.Union([
  Type.Literal("off"),
  Type.Literal("low"),
  Type.Literal("medium"),
  Type.Literal("high"),
]);

/** How much of the tools a client should show of this session. */
export const Verbose = Type.Union([Type.Literal("off"), Type.Literal("on"), Type.Literal("full")]);

/** A session as clients see it. */
export const SessionRow = Type.Object({
  key: Type.String(),
  sessionId: Type.String(),
  agentId: Type.String(),
  createdAt: Type.Integer({ description: "Milliseconds since 1970." }),
  updatedAt: Type.Integer(),
  label: Type.Optional(Type.String()),
  model: Type.Optional(Type.String({ description: "Chosen for this session; else the configured one answers." })),
  thinking: Type.Optional(Thinking),
  verbose: Type.Optional(Verbose),
  preview: Type.Optional(Type.String()),
  messageCount: Type.Integer(),
  usage: Usage,
  hasActiveRun: Type.Boolean(),
});
export type SessionRow = Static<typeof SessionRow>;

export function sessionRow(session: SessionListing, active: ReadonlySet<string>): SessionRow {
  const { settings, preview, messageCount, usage } = session.summary;
  const { label, model, thinking, verbose } = settings;
  return {
    key: session.key,
    sessionId: session.id,
    agentId: session.agentId,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    ...(label !== undefined && { label }),
    ...(model !== undefined && { model }),
    ...(thinking !== undefined && { thinking }),
    ...(verbose !== undefined && { verbose }),
    ...(preview !== undefined && { preview }),
    messageCount,
    usage,
    hasActiveRun: active.has(session.key),
  };
}

/** The keys of the sessions that have a turn running or waiting. */
export function activeKeys({ gateway }: Services): ReadonlySet<string> {
  return new Set(gateway.activeRuns().map((run) => run.sessionKey));
}

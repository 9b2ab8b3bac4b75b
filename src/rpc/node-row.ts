import { type Static, Type } from "@sinclair/typebox";
import { Scope } from "#protocol";

export const NodeId = Type.String({ minLength: 1, maxLength: 128 });
export const RequestId = Type.String({ minLength: 1, maxLength: 128 });

/** How a machine is doing, in its own words. */
export const HostStats = Type.Object({
  cpuCount: Type.Integer({ minimum: 1 }),
  loadAverage: Type.Optional(Type.Array(Type.Number({ minimum: 0 }), { minItems: 3, maxItems: 3 })),
  memoryTotalBytes: Type.Number({ minimum: 1 }),
  memoryFreeBytes: Type.Number({ minimum: 0 }),
  diskTotalBytes: Type.Optional(Type.Number({ minimum: 1 })),
  diskAvailableBytes: Type.Optional(Type.Number({ minimum: 0 })),
});
export type HostStats = Static<typeof HostStats>;

export const ToldStats = Type.Object({ ...HostStats.properties, updatedAtMs: Type.Integer() });
export type ToldStats = Static<typeof ToldStats>;

const names = Type.Array(Type.String());

/** What a node says of itself. */
const about = {
  nodeId: Type.String(),
  displayName: Type.Optional(Type.String({ description: "An operator's name for it, else its own." })),
  platform: Type.String(),
  version: Type.Optional(Type.String()),
  deviceFamily: Type.Optional(Type.String()),
  clientId: Type.String(),
  clientMode: Type.String(),
};

/** A machine that the agent may use. */
export const NodeRow = Type.Object({
  ...about,
  remoteIp: Type.Optional(Type.String()),
  caps: Type.Array(Type.String(), { description: "Of what it offers, the approved part." }),
  commands: Type.Array(Type.String(), { description: "Of what it offers, the approved part: this may be invoked." }),
  approvalState: Type.Union([
    Type.Literal("approved"),
    Type.Literal("pending-approval"),
    Type.Literal("pending-reapproval", { description: "It offers more than was approved." }),
    Type.Literal("unapproved"),
  ]),
  pendingRequestId: Type.Optional(Type.String()),
  paired: Type.Boolean(),
  connected: Type.Boolean(),
  connectedAtMs: Type.Optional(Type.Integer({ description: "Milliseconds since 1970." })),
  lastSeenAtMs: Type.Optional(Type.Integer()),
  approvedAtMs: Type.Optional(Type.Integer()),
  hostStats: Type.Optional(ToldStats),
});
export type NodeRow = Static<typeof NodeRow>;

/** A node with what waits for approval, and with what it told of itself. */
export const NodeDetails = Type.Object({
  ...NodeRow.properties,
  pending: Type.Optional(Type.Object({ requestId: Type.String(), caps: names, commands: names })),
  skills: Type.Optional(names),
  pluginTools: Type.Optional(names),
});
export type NodeDetails = Static<typeof NodeDetails>;

/** What a node offers, and nobody has approved yet. */
export const SurfaceRow = Type.Object({
  requestId: Type.String(),
  ...about,
  caps: names,
  commands: names,
  requiredApproveScopes: Type.Array(Scope, { description: "Who approves it must hold all of these." }),
  ts: Type.Integer({ description: "Since when it waits, in milliseconds since 1970." }),
});
export type SurfaceRow = Static<typeof SurfaceRow>;

import { type Static, Type } from "@sinclair/typebox";
import type { Grant, PairedDevice, PairingRequest } from "#devices";
import { Scope } from "#protocol";

export const RequestId = Type.String({ minLength: 1, maxLength: 128 });
export const DeviceId = Type.String({ minLength: 1, maxLength: 128 });
export const Role = Type.Union([Type.Literal("operator"), Type.Literal("node")]);
export const TimeMs = Type.Integer({ description: "Milliseconds since 1970." });

/** What a setup code gives: all of it but secrets, the everyday part of it, or a node's place. */
export const Access = Type.Union([Type.Literal("full"), Type.Literal("limited"), Type.Literal("node")]);
export type Access = Static<typeof Access>;

const self = {
  deviceId: Type.String(),
  publicKey: Type.String({ description: "Ed25519, 32 bytes, base64url." }),
  displayName: Type.Optional(Type.String()),
  platform: Type.String(),
  deviceFamily: Type.Optional(Type.String()),
  clientId: Type.String(),
  clientMode: Type.String(),
};

/** A device that waits for somebody's yes, as clients know it. What it says of itself grants nothing. */
export const PairingRow = Type.Object({
  requestId: Type.String(),
  ...self,
  role: Role,
  roles: Type.Array(Role),
  scopes: Type.Array(Scope),
  silent: Type.Boolean(),
  isRepair: Type.Boolean({ description: "It is known, and asks for something else than before." }),
  ts: TimeMs,
});
export type PairingRow = Static<typeof PairingRow>;

/** A paired device, as clients know it. Never holds a token. */
export const DeviceRow = Type.Object({
  ...self,
  label: Type.Optional(Type.String({ description: "The name that an operator gave it." })),
  role: Role,
  roles: Type.Array(Role),
  scopes: Type.Array(Scope),
  approvedVia: Type.Union([Type.Literal("silent"), Type.Literal("owner"), Type.Literal("setup-code")]),
  createdAtMs: TimeMs,
  approvedAtMs: TimeMs,
  lastSeenAtMs: Type.Optional(TimeMs),
  connected: Type.Boolean(),
  tokens: Type.Array(
    Type.Object({
      role: Role,
      scopes: Type.Array(Scope),
      createdAtMs: TimeMs,
      lastUsedAtMs: Type.Optional(TimeMs),
      revokedAtMs: Type.Optional(TimeMs),
    }),
  ),
});
export type DeviceRow = Static<typeof DeviceRow>;

/** A request as clients know it. */
export function pairingRow(request: PairingRequest): PairingRow {
  const { requestId, deviceId, publicKey, about, role, scopes, reason, requestedAt } = request;
  const { displayName, platform, deviceFamily, clientId, clientMode } = about;
  return {
    requestId,
    deviceId,
    publicKey,
    ...(displayName && { displayName }),
    platform,
    ...(deviceFamily && { deviceFamily }),
    clientId,
    clientMode,
    role,
    roles: [role],
    scopes: [...scopes],
    silent: false,
    isRepair: reason !== "not-paired",
    ts: requestedAt,
  };
}

export function deviceRow(device: PairedDevice, connected: boolean): DeviceRow {
  const { deviceId, publicKey, about, label, grants, approvedVia, pairedAt, approvedAt, lastSeenAt } = device;
  const { displayName, platform, deviceFamily, clientId, clientMode } = about;
  const live = grants.filter(({ revokedAt }) => revokedAt === undefined);
  return {
    deviceId,
    publicKey,
    ...((label ?? displayName) && { displayName: label ?? displayName }),
    ...(label && { label }),
    platform,
    ...(deviceFamily && { deviceFamily }),
    clientId,
    clientMode,
    role: live.some(({ role }) => role === "operator") ? "operator" : (live[0]?.role ?? "operator"),
    roles: live.map(({ role }) => role),
    scopes: [...new Set(live.flatMap(({ scopes }) => scopes))],
    approvedVia,
    createdAtMs: pairedAt,
    approvedAtMs: approvedAt,
    ...(lastSeenAt !== undefined && { lastSeenAtMs: lastSeenAt }),
    connected,
    tokens: grants.map(tokenRow),
  };
}

function tokenRow({ role, scopes, tokenIssuedAt, tokenLastUsedAt, revokedAt }: Grant): DeviceRow["tokens"][number] {
  return {
    role,
    scopes: [...scopes],
    createdAtMs: tokenIssuedAt,
    ...(tokenLastUsedAt !== undefined && { lastUsedAtMs: tokenLastUsedAt }),
    ...(revokedAt !== undefined && { revokedAtMs: revokedAt }),
  };
}

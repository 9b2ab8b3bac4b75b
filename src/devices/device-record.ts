import { Scope } from "#protocol";
import { type Static, Type } from "@sinclair/typebox";

/** Of each thing that a device says of itself, in characters. */
export const longestAbout = 256;
const Told = Type.String({ maxLength: longestAbout });
const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
const Time = Type.Integer({ minimum: 0 });

export const DeviceId = Type.String({ minLength: 1, maxLength: 128 });
export const Role = Type.Union([Type.Literal("operator"), Type.Literal("node")]);
export const Scopes = Type.Array(Scope, { maxItems: Scope.anyOf.length, uniqueItems: true });

export const AboutRecord = Type.Object({
  clientId: Told,
  clientMode: Told,
  platform: Told,
  deviceFamily: Type.Optional(Told),
  displayName: Type.Optional(Told),
  version: Type.Optional(Told),
});

/** A role as it is kept: its token can be made again from this and the installation's key, and from neither alone. */
export const GrantRecord = Type.Object({
  role: Role,
  scopes: Scopes,
  salt: Sha256,
  counter: Type.Integer({ minimum: 0 }),
  tokenHash: Sha256,
  tokenIssuedAt: Time,
  tokenLastUsedAt: Type.Optional(Time),
  revokedAt: Type.Optional(Time),
});
export type GrantRecord = Static<typeof GrantRecord>;

export const DeviceRecord = Type.Object({
  deviceId: DeviceId,
  publicKey: Type.String({ maxLength: 128 }),
  about: AboutRecord,
  label: Type.Optional(Told),
  /** One of each role at most. */
  grants: Type.Array(GrantRecord, { minItems: 1, maxItems: 2 }),
  approvedVia: Type.Union([Type.Literal("silent"), Type.Literal("owner"), Type.Literal("setup-code")]),
  pairedAt: Time,
  approvedAt: Time,
  lastSeenAt: Type.Optional(Time),
});
export type DeviceRecord = Static<typeof DeviceRecord>;

import { type Static, Type } from "@sinclair/typebox";
import { DeviceId, Role, Scopes } from "./device-record.ts";

/** A setup code as it is kept: what it gives, and a hash of it. */
export const SetupRecord = Type.Object({
  setupId: Type.String({ minLength: 1, maxLength: 128 }),
  hash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  role: Role,
  scopes: Scopes,
  /** The device whose owner made it; gone, it takes its codes with it. */
  issuer: Type.Optional(DeviceId),
  issuedAt: Type.Integer({ minimum: 0 }),
  expiresAt: Type.Integer({ minimum: 0 }),
  usedAt: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type SetupRecord = Static<typeof SetupRecord>;

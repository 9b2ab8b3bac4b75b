import { Type } from "@sinclair/typebox";
import { allScopes, Scope } from "#protocol";
import { approverOf, decided } from "../device-decision.ts";
import { DeviceId, Role, TimeMs } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const deviceTokenRotate = defineMethod({
  name: "device.token.rotate",
  summary: "Gives a device a new token for a role; the old one is worth nothing from then on.",
  scope: "operator.pairing",
  effect: "once",
  answersSecret: true,
  route: { verb: "POST", path: "/devices/{deviceId}/tokens/{role}/rotate" },
  params: Type.Object(
    {
      deviceId: DeviceId,
      role: Role,
      scopes: Type.Optional(Type.Array(Scope, { maxItems: allScopes.length, description: "The same, or fewer." })),
    },
    closed,
  ),
  result: Type.Object({
    deviceId: Type.String(),
    role: Role,
    scopes: Type.Array(Scope),
    rotatedAtMs: TimeMs,
    tokenDelivery: Type.Union([Type.Literal("in-band"), Type.Literal("withheld-cross-device")]),
    token: Type.Optional(Type.String({ description: "For the device itself, and nobody else." })),
  }),
  handle: async ({ deviceId, role, scopes }, { services, caller }) => {
    const devices = await services.devices();
    const wanted = { deviceId, role, ...(scopes && { scopes }) };
    const { grant, token } = decided(await devices.rotate(wanted, approverOf(caller)), { device: deviceId });
    const answer = { deviceId, role, scopes: [...grant.scopes], rotatedAtMs: grant.tokenIssuedAt };
    if (caller.deviceId !== deviceId || caller.role !== role) {
      return { ...answer, tokenDelivery: "withheld-cross-device" as const };
    }
    return { ...answer, tokenDelivery: "in-band" as const, token: token.reveal() };
  },
});

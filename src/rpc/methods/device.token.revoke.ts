import { Type } from "@sinclair/typebox";
import { approverOf, decided } from "../device-decision.ts";
import { DeviceId, Role, TimeMs } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const deviceTokenRevoke = defineMethod({
  name: "device.token.revoke",
  summary: "Takes a role from a device, until an operator gives it back; its connections are closed at once.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/devices/{deviceId}/tokens/{role}/revoke" },
  params: Type.Object({ deviceId: DeviceId, role: Role }, closed),
  result: Type.Object({ deviceId: Type.String(), role: Role, revokedAtMs: TimeMs }),
  handle: async ({ deviceId, role }, { services, caller }) => {
    const devices = await services.devices();
    const grant = decided(await devices.revoke({ deviceId, role }, approverOf(caller)), { device: deviceId });
    return { deviceId, role, revokedAtMs: grant.revokedAt ?? 0 };
  },
});

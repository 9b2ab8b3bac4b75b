import { Type } from "@sinclair/typebox";
import { approverOf, decided } from "../device-decision.ts";
import { DeviceId } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const devicePairRemove = defineMethod({
  name: "device.pair.remove",
  summary: "Forgets a device; its connections are closed at once.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "DELETE", path: "/devices/{deviceId}" },
  params: Type.Object({ deviceId: DeviceId }, closed),
  result: Type.Object({ deviceId: Type.String() }),
  handle: async ({ deviceId }, { services, caller }) => {
    const devices = await services.devices();
    decided(await devices.remove(deviceId, approverOf(caller)), { device: deviceId });
    return { deviceId };
  },
});

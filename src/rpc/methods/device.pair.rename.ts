import { Type } from "@sinclair/typebox";
import { decided } from "../device-decision.ts";
import { DeviceId } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const devicePairRename = defineMethod({
  name: "device.pair.rename",
  summary: "Gives a device a name.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "PATCH", path: "/devices/{deviceId}" },
  params: Type.Object({ deviceId: DeviceId, label: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  result: Type.Object({ deviceId: Type.String(), label: Type.String() }),
  handle: async ({ deviceId, label }, { services }) => {
    const devices = await services.devices();
    const renamed = decided(await devices.rename(deviceId, label), { device: deviceId });
    return { deviceId, label: renamed.label ?? "" };
  },
});

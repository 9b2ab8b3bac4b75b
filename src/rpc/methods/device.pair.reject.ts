import { Type } from "@sinclair/typebox";
import { decided } from "../device-decision.ts";
import { RequestId } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const devicePairReject = defineMethod({
  name: "device.pair.reject",
  summary: "Turns a device away that waits.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/devices/requests/{requestId}/reject" },
  params: Type.Object({ requestId: RequestId }, closed),
  result: Type.Object({ requestId: Type.String(), deviceId: Type.String() }),
  handle: async ({ requestId }, { services }) => {
    const devices = await services.devices();
    const { deviceId } = decided(await devices.reject(requestId), { request: requestId });
    return { requestId, deviceId };
  },
});

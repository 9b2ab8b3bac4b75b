import { Type } from "@sinclair/typebox";
import { approverOf, decided } from "../device-decision.ts";
import { DeviceRow, deviceRow, RequestId } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const devicePairApprove = defineMethod({
  name: "device.pair.approve",
  summary: "Lets a device in that waits. It is told its token with its next connect.",
  scope: "operator.pairing",
  effect: "once",
  route: { verb: "POST", path: "/devices/requests/{requestId}/approve" },
  params: Type.Object({ requestId: RequestId }, closed),
  result: Type.Object({ requestId: Type.String(), device: DeviceRow }),
  handle: async ({ requestId }, context) => {
    const devices = await context.services.devices();
    const approved = await devices.approve(requestId, approverOf(context.caller));
    const { device } = decided(approved, { request: requestId });
    const connected = context.connections().some(({ deviceId }) => deviceId === device.deviceId);
    return { requestId, device: deviceRow(device, connected) };
  },
});

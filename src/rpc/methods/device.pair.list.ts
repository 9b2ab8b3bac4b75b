import { Type } from "@sinclair/typebox";
import { DeviceRow, deviceRow, PairingRow, pairingRow } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

export const devicePairList = defineMethod({
  name: "device.pair.list",
  summary: "The devices that wait for a yes, and those that are paired.",
  scope: "operator.pairing",
  effect: "none",
  route: { verb: "GET", path: "/devices" },
  params: Type.Object({}, closed),
  result: Type.Object({ pending: Type.Array(PairingRow), paired: Type.Array(DeviceRow) }),
  handle: async (_params, context) => {
    const devices = await context.services.devices();
    const [requests, paired] = await Promise.all([devices.requests(), devices.paired()]);
    const connected = new Set(context.connections().map(({ deviceId }) => deviceId));
    return {
      pending: requests.map(pairingRow),
      paired: paired.map((device) => deviceRow(device, connected.has(device.deviceId))),
    };
  },
});

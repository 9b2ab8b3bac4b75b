import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const devicePairSetupStatus = defineMethod({
  name: "device.pair.setupStatus",
  summary: "What became of a setup code.",
  scope: "operator.admin",
  effect: "none",
  route: { verb: "GET", path: "/devices/setup-codes/{setupId}" },
  params: Type.Object({ setupId: Type.String({ minLength: 1, maxLength: 128 }) }, closed),
  result: Type.Object({
    setupId: Type.String(),
    status: Type.Union([
      Type.Literal("waiting"),
      Type.Literal("used"),
      Type.Literal("expired"),
      Type.Literal("unknown"),
    ]),
  }),
  handle: async ({ setupId }, { services }) => {
    const devices = await services.devices();
    return { setupId, status: await devices.setupStatus(setupId) };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { GatewayStatus } from "../services.ts";

export const status = defineMethod({
  name: "status",
  summary: "Version, model, sandbox, storage and load of the gateway.",
  scope: "operator.read",
  route: { verb: "GET", path: "/status" },
  params: Type.Object({}, closed),
  result: GatewayStatus,
  handle: (_params, { services }) => services.status(),
});

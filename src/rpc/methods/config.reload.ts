import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const configReload = defineMethod({
  name: "config.reload",
  summary: "Reads the settings file again, which somebody may have edited; when it does not check, all stays as it is.",
  scope: "operator.admin",
  effect: "idempotent",
  route: { verb: "POST", path: "/config/reload" },
  params: Type.Object({}, closed),
  result: Type.Object({
    changed: Type.Array(Type.String()),
    restartRequired: Type.Array(Type.String()),
    hash: Type.String(),
  }),
  handle: async (_params, { services: { config } }) => {
    const { changed, restartRequired } = config.reload();
    return { changed: [...changed], restartRequired: [...restartRequired], hash: config.hash };
  },
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const configPatch = defineMethod({
  name: "config.patch",
  summary: "Changes the configuration by a JSON merge patch (RFC 7396); nothing is written unless all of it checks.",
  scope: "operator.admin",
  effect: "once",
  route: { verb: "PATCH", path: "/config" },
  params: Type.Object(
    {
      patch: Type.Record(Type.String(), Type.Unknown()),
      baseHash: Type.Optional(
        Type.String({ maxLength: 128, description: "Refuses the change when the file is another." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    changed: Type.Array(Type.String()),
    restartRequired: Type.Array(Type.String()),
    hash: Type.String(),
  }),
  handle: async ({ patch, baseHash }, { services: { config } }) => {
    const { changed, restartRequired } = await config.patch(patch, baseHash);
    return { changed: [...changed], restartRequired: [...restartRequired], hash: config.hash };
  },
});

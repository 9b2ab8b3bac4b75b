import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const configSchema = defineMethod({
  name: "config.schema",
  summary: "The JSON Schema of the configuration file.",
  scope: "operator.read",
  route: { verb: "GET", path: "/config/schema" },
  params: Type.Object({}, closed),
  result: Type.Object({ schema: Type.Record(Type.String(), Type.Unknown()) }),
  handle: async (_params, { services }) => ({ schema: services.config.schema() }),
});

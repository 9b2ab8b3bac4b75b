import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ModelListing } from "../services.ts";

export const modelsList = defineMethod({
  name: "models.list",
  summary: "The models that can be chosen.",
  scope: "operator.read",
  route: { verb: "GET", path: "/models" },
  params: Type.Object({}, closed),
  result: Type.Object({ models: Type.Array(ModelListing) }),
  handle: async (_params, { services }) => ({ models: [...services.models()] }),
});

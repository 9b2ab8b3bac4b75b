import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

const State = Type.Union([Type.Literal("healthy"), Type.Literal("degraded"), Type.Literal("unhealthy")]);

export const health = defineMethod({
  name: "health",
  summary: "How each component is.",
  scope: "operator.read",
  role: "any",
  route: { verb: "GET", path: "/health" },
  params: Type.Object({}, closed),
  result: Type.Object({
    status: State,
    ok: Type.Boolean(),
    components: Type.Record(Type.String(), State),
    reasons: Type.Record(Type.String(), Type.String()),
  }),
  handle: (_params, { services }) => services.health(),
});

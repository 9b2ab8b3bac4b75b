import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const configGet = defineMethod({
  name: "config.get",
  summary: "The configuration, or one value of it; secrets read “[secret]”.",
  scope: "operator.read",
  route: { verb: "GET", path: "/config" },
  params: Type.Object(
    { path: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: "Dotted, in either spelling." })) },
    closed,
  ),
  result: Type.Object({
    value: Type.Unknown(),
    hash: Type.String({ description: "Of the file; `config.patch` takes it as `baseHash`." }),
  }),
  handle: async ({ path }, { services: { config } }) => ({
    value: path === undefined ? config.view() : config.get(path),
    hash: config.hash,
  }),
});

import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const commandsList = defineMethod({
  name: "commands.list",
  summary: "What can be typed into a chat to be done by the gateway: `/name`, with the method that does it.",
  scope: "operator.read",
  route: { verb: "GET", path: "/commands" },
  params: Type.Object({}, closed),
  result: Type.Object({
    commands: Type.Array(
      Type.Object({
        name: Type.String(),
        aliases: Type.Array(Type.String()),
        summary: Type.String(),
        category: Type.String(),
        argument: Type.Optional(
          Type.Object({
            name: Type.String(),
            summary: Type.String(),
            choices: Type.Optional(Type.Array(Type.String())),
          }),
        ),
        method: Type.String(),
        scope: Type.String(),
      }),
    ),
  }),
  handle: async () => {
    const { commands } = await import("../commands/index.ts");
    return {
      commands: commands.map(({ name, aliases, summary, category, argument, method }) => ({
        name,
        aliases: [...aliases],
        summary,
        category,
        ...(argument && {
          argument: {
            name: argument.name,
            summary: argument.summary,
            ...(argument.choices && { choices: [...argument.choices] }),
          },
        }),
        method: method.name,
        scope: method.scope,
      })),
    };
  },
});

import { type Static, Type } from "@sinclair/typebox";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { commandsList } from "../../methods/commands.list.ts";
import { adapt, open } from "./adapter.ts";

type Listed = Static<typeof commandsList.result>["commands"][number];

export const commands: readonly AnyMethod[] = [
  adapt(commandsList, {
    params: Type.Object(
      {
        includeArgs: Type.Optional(Type.Boolean()),
        scope: Type.Optional(Type.Union([Type.Literal("text"), Type.Literal("native"), Type.Literal("both")])),
      },
      open,
    ),
    ask: () => ({}),
    answer: (listed, { theirs: { includeArgs = true, scope }, context }) => {
      const inMenus = isInMenus(context);
      if (scope === "native" && !inMenus) return { commands: [] };
      return { commands: listed.commands.map((command) => commandEntry(command, { includeArgs, inMenus })) };
    },
  }),
];

/** Platforms know ours as commands of their own, where they have such a thing. */
export function isInMenus({ services }: MethodContext): boolean {
  return services.config.get("commands.native") === true;
}

/** A command as clients offer it. */
export function commandEntry(
  { name, aliases, summary, category, argument }: Listed,
  { includeArgs, inMenus }: { readonly includeArgs: boolean; readonly inMenus: boolean },
) {
  return {
    name,
    ...(inMenus && { nativeName: name }),
    textAliases: [name, ...aliases].map((one) => `/${one}`),
    description: summary,
    category,
    source: "native",
    scope: inMenus ? "both" : "text",
    acceptsArgs: argument !== undefined,
    ...(argument && includeArgs && { args: [argOf(argument)] }),
  };
}

function argOf({ name, summary, choices }: NonNullable<Listed["argument"]>) {
  const options = choices?.map((value) => ({ value, label: value }));
  return { name, description: summary, type: "string", required: false, ...(options && { choices: options }) };
}

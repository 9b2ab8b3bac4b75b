import { type Static, Type } from "@sinclair/typebox";
import type { AnyMethod } from "../../method.ts";
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
    // Ours are typed; no platform knows them as commands of its own.
    answer: (listed, { theirs: { includeArgs = true, scope } }) => ({
      commands: scope === "native" ? [] : listed.commands.map((command) => commandEntry(command, includeArgs)),
    }),
  }),
];

/** A command as clients offer it. */
export function commandEntry({ name, aliases, summary, category, argument }: Listed, includesArgs: boolean) {
  return {
    name,
    textAliases: [name, ...aliases].map((one) => `/${one}`),
    description: summary,
    category,
    source: "native",
    scope: "text",
    acceptsArgs: argument !== undefined,
    ...(argument && includesArgs && { args: [argOf(argument)] }),
  };
}

function argOf({ name, summary, choices }: NonNullable<Listed["argument"]>) {
  const options = choices?.map((value) => ({ value, label: value }));
  return { name, description: summary, type: "string", required: false, ...(options && { choices: options }) };
}

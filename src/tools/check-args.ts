import { type TSchema, TypeGuard } from "@sinclair/typebox";
import { Errors } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";

/** What is wrong with a call's arguments, for the model that wrote them: each place, and what was expected there. */
export function problemWith(args: unknown, params: TSchema): string | undefined {
  if (Check(params, args)) return undefined;
  const said = new Set<string>();
  for (const { path, message, schema } of Errors(params, args)) {
    const expected = describeUnion(schema) ?? message;
    said.add(`${path === "" ? "the arguments" : path}: ${expected}`);
    if (said.size >= mostProblems) break;
  }
  return `The arguments are wrong. ${[...said].join("; ")}.`;
}

const mostProblems = 5;

/** TypeBox says of a union only that nothing matched; a model needs to read what would. */
function describeUnion(schema: TSchema): string | undefined {
  if (!TypeGuard.IsUnion(schema)) return undefined;
  const values = schema.anyOf.map((option) =>
    TypeGuard.IsLiteral(option) ? JSON.stringify(option.const) : String(option["type"]),
  );
  return `Expected one of ${values.join(", ")}`;
}

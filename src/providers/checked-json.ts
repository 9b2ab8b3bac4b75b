import { parseJson } from "#base";
import type { Static, TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";

/** A JSON text as its schema has it, or undefined when it is not JSON or not that. */
export function checkedJson<Schema extends TSchema>(
  check: TypeCheck<Schema>,
  text: string,
): Static<Schema> | undefined {
  const value = parseJson(text);
  return check.Check(value) ? value : undefined;
}

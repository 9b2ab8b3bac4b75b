import type { Static, TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";

/** The value as its schema has it, or an error that says where it differs. */
export function checked<Schema extends TSchema>(check: TypeCheck<Schema>, value: unknown): Static<Schema> {
  if (check.Check(value)) return value;
  const first = check.Errors(value).First();
  throw new Error(`${first?.path ?? ""}: ${first?.message ?? "does not fit"}`);
}

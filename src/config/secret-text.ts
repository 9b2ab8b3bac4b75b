import type { Secret } from "#base";
import { type TSchema, Type } from "@sinclair/typebox";

/** A setting that nobody may read back: a string in the file, a `Secret` once loaded. */
export function SecretText(options: {
  readonly description: string;
  readonly alsoVariable?: string;
  /** For a place where only some values are secret. */
  readonly default?: string;
  /** A change counts when the gateway is started again. */
  readonly restart?: true;
}): TSchema & { static: Secret } {
  // A `Type.String` inside, because TypeBox cannot check a schema whose kind it does not know.
  return Type.Unsafe<Secret>(Type.String({ minLength: 1, secret: true, ...options }));
}

import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { isTree, type Tree } from "./tree.ts";

/**
 * A copy of the settings with what the schema says about what nobody set. Tables that must be there are made from the
 * defaults of what is in them, which TypeBox's own `Default` does not do for tables without a default of their own.
 */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default as unknown) : value;
  if (KindGuard.IsUnion(schema)) return given === undefined ? undefined : fillUnion(schema.anyOf, given);
  if (KindGuard.IsIntersect(schema)) {
    return schema.allOf.reduce((filled: unknown, part) => withDefaults(part, filled), given);
  }
  if (KindGuard.IsObject(schema)) return fillObject(schema.properties, given);
  if (KindGuard.IsRecord(schema) && isTree(given)) {
    const item = Object.values(schema.patternProperties)[0];
    return item ? mapValues(given, (entry) => withDefaults(item, entry)) : given;
  }
  if (KindGuard.IsArray(schema) && Array.isArray(given)) {
    return given.map((item: unknown) => withDefaults(schema.items, item));
  }
  return given;
}

function fillObject(properties: Record<string, TSchema>, given: unknown): unknown {
  if (given !== undefined && !isTree(given)) return given;
  const filled: Tree = { ...given };
  for (const [key, property] of Object.entries(properties)) {
    const isLeftOut = filled[key] === undefined && KindGuard.IsOptional(property) && property.default === undefined;
    const value = isLeftOut ? undefined : withDefaults(property, filled[key]);
    if (value !== undefined) filled[key] = value;
  }
  return filled;
}

/** The first part that the value suits once it is filled decides. */
function fillUnion(parts: readonly TSchema[], given: unknown): unknown {
  for (const part of parts) {
    const filled = withDefaults(part, given);
    if (Check(part, filled)) return filled;
  }
  return given;
}

function mapValues(tree: Tree, change: (value: unknown) => unknown): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, change(value)]));
}

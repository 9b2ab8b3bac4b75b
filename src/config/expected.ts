import { clip } from "#base";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { holdsSecret, type Node } from "./schema-node.ts";
import { isTree } from "./tree.ts";

const longestShown = 60;

/** What may stand at a place, for a person: `an integer between 0 and 65535`, `one of "token", "none"`. */
export function describeExpected(node: Node): string {
  const literals = node.flatMap((schema) => (KindGuard.IsLiteral(schema) ? [JSON.stringify(schema.const)] : []));
  const choice = literals.length > 1 ? [`one of ${literals.join(", ")}`] : literals;
  const kinds = node.flatMap((schema) =>
    describers.flatMap(([isKind, describe]) => (isKind(schema) ? [describe(schema)] : [])),
  );
  return [...new Set([...choice, ...kinds])].join(" or ") || "something else";
}

/** What was found, for a person; only its kind where it may be secret. */
export function describeFound(node: Node | undefined, value: unknown, isHidden: boolean): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isTree(value)) return "a table";
  const isShown = node !== undefined && !isHidden && !holdsSecret(node);
  if (typeof value === "string") return isShown || value === "" ? JSON.stringify(clip(value, longestShown)) : "a text";
  return isShown ? JSON.stringify(value) : `a ${typeof value}`;
}

const describers: readonly (readonly [(schema: TSchema) => boolean, (schema: TSchema) => string])[] = [
  [KindGuard.IsInteger, (schema) => `an integer${describeRange(schema)}`],
  [KindGuard.IsNumber, (schema) => `a number${describeRange(schema)}`],
  [KindGuard.IsBoolean, () => "true or false"],
  [KindGuard.IsString, describeText],
  [KindGuard.IsArray, (schema) => `a list${describeCount(schema, "minItems", "maxItems")}`],
  [KindGuard.IsTuple, () => "a list"],
  [(schema) => KindGuard.IsObject(schema) || KindGuard.IsRecord(schema), () => "a table"],
];

function describeText(schema: TSchema): string {
  const pattern: unknown = schema["pattern"];
  if (typeof pattern === "string") return `a text that matches ${pattern}`;
  if (schema["minLength"] === 1 && schema["maxLength"] === undefined) return "a text that is not empty";
  return `a text${describeCount(schema, "minLength", "maxLength")}`;
}

function describeCount(schema: TSchema, least: string, most: string): string {
  const unit = least === "minItems" ? "entries" : "characters";
  const range = rangeOf(schema[least], schema[most]);
  return range === "" ? "" : ` of ${range} ${unit}`;
}

function describeRange(schema: TSchema): string {
  const above = exclusive("above", schema["exclusiveMinimum"]);
  const below = exclusive("below", schema["exclusiveMaximum"]);
  const range = rangeOf(schema["minimum"], schema["maximum"]);
  const inside = range.startsWith("at") ? ` of ${range}` : range && ` between ${range.replace(" to ", " and ")}`;
  return `${inside}${above}${below}`;
}

function rangeOf(least: unknown, most: unknown): string {
  if (typeof least === "number" && typeof most === "number") return `${least} to ${most}`;
  if (typeof least === "number") return `at least ${least}`;
  return typeof most === "number" ? `at most ${most}` : "";
}

function exclusive(word: string, bound: unknown): string {
  return typeof bound === "number" ? ` ${word} ${bound}` : "";
}

import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";
import { toSnake } from "./path.ts";
import { isTree, type Tree } from "./tree.ts";

/**
 * The schema as editors and forms read it: JSON Schema draft 2020-12 with keys in the file's spelling. What has a default
 * is not required, secrets are `writeOnly`, and `x-restart` marks what counts only after a restart.
 */
export function toJsonSchema(schema: TSchema): Tree {
  const converted = { $schema: "https://json-schema.org/draft/2020-12/schema", ...convert(schema) };
  // Through JSON, which leaves out TypeBox's symbols and what is undefined.
  const plain: unknown = JSON.parse(JSON.stringify(converted));
  return isTree(plain) ? plain : {};
}

function convert(schema: TSchema): Tree {
  const { secret, restart, ...rest }: Tree = { ...schema };
  const marks = { ...(secret === true && { writeOnly: true }), ...(restart === true && { "x-restart": true }) };
  const withDefault = rest["default"] === undefined ? {} : { default: respellDefault(schema, rest["default"]) };
  return { ...rest, ...withDefault, ...partsOf(schema), ...marks };
}

/** What the schemas inside a schema become. */
function partsOf(schema: TSchema): Tree {
  if (KindGuard.IsObject(schema)) return partsOfObject(schema);
  if (KindGuard.IsRecord(schema)) return { patternProperties: mapValues(schema.patternProperties, convert) };
  if (KindGuard.IsUnion(schema)) {
    const choices = schema.anyOf.map((part) => (KindGuard.IsLiteral(part) ? part.const : undefined));
    const isChoice = !choices.includes(undefined);
    return isChoice ? { anyOf: undefined, enum: choices } : { anyOf: schema.anyOf.map(convert) };
  }
  if (KindGuard.IsIntersect(schema)) return { allOf: schema.allOf.map(convert) };
  if (KindGuard.IsArray(schema)) return { items: convert(schema.items) };
  if (KindGuard.IsTuple(schema)) {
    return { prefixItems: (schema.items ?? []).map(convert), items: false, additionalItems: undefined };
  }
  return {};
}

function partsOfObject(schema: TObject): Tree {
  const properties = Object.entries(schema.properties);
  const required = properties.filter(([, property]) => isNeeded(property)).map(([key]) => toSnake(key));
  return {
    properties: Object.fromEntries(properties.map(([key, property]) => [toSnake(key), convert(property)])),
    required: required.length > 0 ? required : undefined,
  };
}

/** Nothing stands in for it when the file leaves it out. */
function isNeeded(schema: TSchema): boolean {
  if (KindGuard.IsOptional(schema) || schema.default !== undefined) return false;
  return !KindGuard.IsObject(schema) || Object.values(schema.properties).some(isNeeded);
}

function respellDefault(schema: TSchema, value: unknown): unknown {
  if (!isTree(value) || !KindGuard.IsObject(schema)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const property = schema.properties[key];
    return property ? [toSnake(key), respellDefault(property, item)] : [key, item];
  });
  return Object.fromEntries(entries);
}

function mapValues(schemas: Record<string, TSchema>, change: (schema: TSchema) => Tree): Tree {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, change(schema)]));
}

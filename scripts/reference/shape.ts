import type { TSchema } from "@sinclair/typebox";

/** What a JSON Schema allows, as a reader of TypeScript would write it, with its bounds. */
export function shapeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(shapeOf).join(" | ");
  if (schema.allOf) return schema.allOf.map(shapeOf).join(" & ");
  if (schema.type === "array") return `[${schema.items ? shapeOf(schema.items) : "unknown"}]${bounds(schema)}`;
  if (schema.properties) return `{ ${fields(schema)} }`.replace("{  }", "{}");
  const values = Object.values(schema.patternProperties ?? {})[0];
  if (values) return `{ [name]: ${shapeOf(values)} }`;
  return `${schema.type ?? "unknown"}${bounds(schema)}`;
}

/** As it goes over a wire, without what TypeBox keeps beside it. */
export function asJson(schema: TSchema): JsonSchema {
  const plain: JsonSchema = JSON.parse(JSON.stringify(schema));
  return plain;
}

/** The part of JSON Schema that our schemas use. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly writeOnly?: boolean;
  readonly "x-restart"?: boolean;
}

function fields({ properties = {}, required = [] }: JsonSchema): string {
  return Object.entries(properties)
    .map(([name, schema]) => `${name}${required.includes(name) ? "" : "?"}: ${shapeOf(schema)}`)
    .join("; ");
}

function bounds({ minimum, maximum, minLength, maxLength, minItems, maxItems }: JsonSchema): string {
  const least = minimum ?? minLength ?? minItems;
  const most = maximum ?? maxLength ?? maxItems;
  if (least === undefined && most === undefined) return "";
  return `(${least ?? ""}..${most ?? ""})`;
}

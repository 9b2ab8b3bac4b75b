import { fault } from "#protocol";
import type { AnyMethod, Route } from "#rpc";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";

/** A method that is also found in REST. */
export interface RestRoute {
  readonly method: AnyMethod;
  readonly verb: Route["verb"];
  /** The whole path, with `{name}` where a parameter stands. */
  readonly path: string;
  /** The parameters in the path, in order. */
  readonly names: readonly string[];
}

export const restRoot = "/api/v1";

export function restRoutes(methods: readonly AnyMethod[]): RestRoute[] {
  return methods.flatMap((method) => {
    if (!method.route) return [];
    const { verb, path } = method.route;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "");
    return [{ method, verb, path: restRoot + path, names }];
  });
}

/** The fields an object schema describes; none for other schemas. */
export function fieldsOf(schema: TSchema): Readonly<Record<string, TSchema>> {
  return KindGuard.IsObject(schema) ? schema.properties : {};
}

/**
 * Params from the texts of an address, read as the schema says: `limit=20` becomes a number where a number is expected and
 * stays a text where it is not, so that the method's own check answers for what does not fit.
 */
export function paramsFromText(
  schema: TSchema,
  query: URLSearchParams,
  path: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const fields = fieldsOf(schema);
  const fieldOf = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  const fromQuery = [...new Set(query.keys())].map((name) => [name, readQuery(name, query, fieldOf(name))] as const);
  const fromPath = Object.entries(path).map(([name, text]) => [name, readText(text, fieldOf(name))] as const);
  return Object.fromEntries([...fromQuery, ...fromPath]);
}

function readQuery(name: string, query: URLSearchParams, schema: TSchema | undefined): unknown {
  const texts = query.getAll(name);
  if (schema && KindGuard.IsArray(schema)) return texts.map((text) => readText(text, schema.items));
  if (texts.length > 1) throw fault.invalidParams({ path: `/${name}`, problem: "is given more than once" });
  return readText(texts[0] ?? "", schema);
}

function readText(text: string, schema: TSchema | undefined): unknown {
  if (!schema) return text;
  if (KindGuard.IsUnion(schema)) {
    const readings = schema.anyOf.map((option) => ({ option, value: readText(text, option) }));
    return readings.find(({ option, value }) => Check(option, value))?.value ?? text;
  }
  if (isNumeric(schema) && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  if (isBoolean(schema) && (text === "true" || text === "false")) return text === "true";
  return text;
}

function isNumeric(schema: TSchema): boolean {
  if (KindGuard.IsLiteral(schema)) return typeof schema.const === "number";
  return KindGuard.IsInteger(schema) || KindGuard.IsNumber(schema);
}

function isBoolean(schema: TSchema): boolean {
  return KindGuard.IsLiteral(schema) ? typeof schema.const === "boolean" : KindGuard.IsBoolean(schema);
}

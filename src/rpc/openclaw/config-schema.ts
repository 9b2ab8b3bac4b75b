import { isRecord } from "./frame.ts";

export interface Described {
  /** With the keys as `config.get` shows them. */
  readonly schema: unknown;
  /** By dotted path, what a form must know beside the schema. */
  readonly uiHints: Readonly<Record<string, Hint>>;
}

interface Hint {
  readonly help?: string;
  readonly sensitive?: true;
}

/** The schema of the settings file for those who show forms: the file's spelling becomes that of the wire. */
export function describeSchema(schema: Readonly<Record<string, unknown>>): Described {
  const hints = new Map<string, Hint>();
  noteHints(schema, [], hints);
  return { schema: respelled(schema), uiHints: Object.fromEntries(hints) };
}

/** One setting, or table of settings, and what is directly in it; undefined when there is none. */
export function lookUp({ schema, uiHints }: Described, path: string) {
  const found = path.split(".").reduce<unknown>((at, key) => childOf(at, key), schema);
  if (!isRecord(found)) return undefined;
  const { properties, patternProperties: _any, required, items: _items, ...rest } = found;
  const needed = Array.isArray(required) ? required : [];
  return {
    path,
    schema: rest,
    reloadKind: reloadKind(found),
    ...hintAt(uiHints, path),
    children: Object.entries(isRecord(properties) ? properties : {}).map(([key, child]) => ({
      key,
      path: `${path}.${key}`,
      ...typeOf(child),
      required: needed.includes(key),
      hasChildren: isRecord(child) && (isRecord(child["properties"]) || isRecord(child["patternProperties"])),
      reloadKind: reloadKind(child),
      ...hintAt(uiHints, `${path}.${key}`),
    })),
  };
}

function respelled(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(respelled);
  if (!isRecord(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === "required" && Array.isArray(value)) return [key, value.map((name) => toCamel(String(name)))];
    if (key === "default") return [key, withCamelKeys(value)];
    if (key === "enum" || key === "const") return [key, value];
    if (key === "properties" && isRecord(value)) return [key, mapEntries(value, toCamel, respelled)];
    return [key, respelled(value)];
  });
  return Object.fromEntries(entries);
}

function withCamelKeys(value: unknown): unknown {
  return isRecord(value) ? mapEntries(value, toCamel, withCamelKeys) : value;
}

function mapEntries(tree: Record<string, unknown>, name: (key: string) => string, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [name(key), change(value)]));
}

function noteHints(schema: unknown, path: readonly string[], hints: Map<string, Hint>): void {
  if (!isRecord(schema)) return;
  const help = schema["description"];
  const isSecret = schema["writeOnly"] === true;
  if (path.length > 0 && (typeof help === "string" || isSecret)) {
    hints.set(path.join("."), { ...(typeof help === "string" && { help }), ...(isSecret && { sensitive: true }) });
  }
  const { properties, patternProperties, items } = schema;
  for (const [key, child] of Object.entries(isRecord(properties) ? properties : {})) {
    noteHints(child, [...path, toCamel(key)], hints);
  }
  for (const child of Object.values(isRecord(patternProperties) ? patternProperties : {})) {
    noteHints(child, [...path, "*"], hints);
  }
  noteHints(items, [...path, "*"], hints);
}

function childOf(schema: unknown, key: string): unknown {
  if (!isRecord(schema)) return undefined;
  const { properties, patternProperties, items } = schema;
  if (isRecord(properties) && Object.hasOwn(properties, key)) return properties[key];
  if (isRecord(patternProperties)) return Object.values(patternProperties)[0];
  return items;
}

function hintAt(hints: Described["uiHints"], path: string) {
  const hint = Object.hasOwn(hints, path) ? hints[path] : undefined;
  return hint && { hint, hintPath: path };
}

function reloadKind(schema: unknown): "hot" | "restart" {
  return isRecord(schema) && schema["x-restart"] === true ? "restart" : "hot";
}

function typeOf(schema: unknown): { readonly type?: string } {
  return isRecord(schema) && typeof schema["type"] === "string" ? { type: schema["type"] } : {};
}

function toCamel(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

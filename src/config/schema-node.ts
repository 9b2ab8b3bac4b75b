import { KindGuard, type TSchema, Type } from "@sinclair/typebox";
import { formatPath, toSnake } from "./path.ts";
import { type Path, startsWith } from "./tree.ts";

/** What a schema allows at one place: the schema itself and, when it is a union or an intersection, each of its parts. */
export type Node = readonly TSchema[];

export function nodeOf(schema: TSchema): Node {
  if (KindGuard.IsUnion(schema)) return [schema, ...schema.anyOf.flatMap(nodeOf)];
  if (KindGuard.IsIntersect(schema)) return [schema, ...schema.allOf.flatMap(nodeOf)];
  return [schema];
}

/** What may stand under `key`; undefined when nothing may. */
export function childOf(node: Node, key: string): Node | undefined {
  const children = node.flatMap((schema) => {
    if (KindGuard.IsObject(schema)) {
      const property = Object.hasOwn(schema.properties, key) ? schema.properties[key] : additional(schema);
      return property ? nodeOf(property) : [];
    }
    if (KindGuard.IsRecord(schema)) return Object.values(schema.patternProperties).flatMap(nodeOf);
    if (KindGuard.IsArray(schema)) return nodeOf(schema.items);
    if (KindGuard.IsTuple(schema)) return (schema.items ?? []).flatMap(nodeOf);
    return isFree(schema) ? [schema] : [];
  });
  return children.length > 0 ? children : undefined;
}

export function nodeAt(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>((node, key) => node && childOf(node, key), root);
}

/** The properties that the schema names; not the keys of records. */
export function propertiesOf(node: Node): readonly string[] {
  return [...new Set(node.flatMap((schema) => (KindGuard.IsObject(schema) ? Object.keys(schema.properties) : [])))];
}

/** The property that is meant by a key in either spelling. */
export function propertyOf(node: Node, key: string): string | undefined {
  return propertiesOf(node).find((name) => name === key || toSnake(name) === key);
}

/** May hold keys of the user's choice, which are never respelled. */
export function hasOwnKeys(node: Node): boolean {
  return node.some(
    (schema) => KindGuard.IsRecord(schema) || isFree(schema) || (KindGuard.IsObject(schema) && !!additional(schema)),
  );
}

export function mayBeTable(node: Node): boolean {
  return node.some((schema) => KindGuard.IsObject(schema) || KindGuard.IsRecord(schema) || isFree(schema));
}

/** A value as a whole is at home here: text, number, list, or a table whose keys are the user's. */
export function mayBeValue(node: Node): boolean {
  return node.some((schema) => !KindGuard.IsObject(schema) && !isCombination(schema));
}

export function mayBeText(node: Node): boolean {
  return node.some(
    (schema) =>
      KindGuard.IsString(schema) ||
      KindGuard.IsTemplateLiteral(schema) ||
      isFree(schema) ||
      (KindGuard.IsLiteral(schema) && typeof schema.const === "string"),
  );
}

export function isSecret(node: Node): boolean {
  return node.some((schema) => schema["secret"] === true);
}

/** It, or something under it, is secret. */
export function holdsSecret(node: Node): boolean {
  if (isSecret(node)) return true;
  const names = propertiesOf(node);
  const below = [...names, ""].map((key) => childOf(node, key));
  return below.some((child) => child !== undefined && child !== node && !isFreeNode(child) && holdsSecret(child));
}

export function descriptionOf(node: Node): string {
  return node.find((schema) => schema.description !== undefined)?.description ?? "";
}

/** A change at this path counts only after a restart: it, or something above it, is marked so. */
export function needsRestart(root: Node, path: Path): boolean {
  return path.some((_, i) => nodeAt(root, path.slice(0, i + 1))?.some((schema) => schema["restart"] === true) ?? false);
}

/** A second variable that sets this place, by the schema's `alsoVariable`: weaker than the one computed from the path, and beginning as those of its section do. */
export function alsoVariableOf(root: Node, path: Path): string | undefined {
  const names = nodeAt(root, path)?.map((schema): unknown => schema["alsoVariable"]) ?? [];
  return names.find((name) => typeof name === "string");
}

/** The path as the file spells it. */
export function showPath(root: Node, path: Path): string {
  let node: Node | undefined = root;
  const shown = path.map((key) => {
    const isProperty = node !== undefined && propertiesOf(node).includes(key);
    node = node && childOf(node, key);
    return isProperty ? toSnake(key) : key;
  });
  return formatPath(shown);
}

/** The path in the schema's spelling, whatever spelling it came in; undefined when the schema has no such place. */
export function canonicalPath(root: Node, path: Path): Path | undefined {
  let node: Node | undefined = root;
  const canonical: string[] = [];
  for (const key of path) {
    const name: string | undefined = node && (propertyOf(node, key) ?? (takes(node, key) ? key : undefined));
    if (node === undefined || name === undefined) return undefined;
    canonical.push(name);
    node = childOf(node, name);
  }
  return node && canonical;
}

/** A setting, or a table of the user's own keys, with the place it has in the schema. */
export interface Leaf {
  readonly path: Path;
  readonly node: Node;
}

/**
 * Every place that can be set on its own, tables of the user's own keys before what is in them. `keysAt` is asked for those
 * keys as late as possible, so that a caller may add to them while walking.
 */
export function* leavesOf(node: Node, keysAt: (path: Path) => readonly string[], path: Path = []): Iterable<Leaf> {
  if (mayBeValue(node)) yield { path, node };
  const names = propertiesOf(node);
  const own = hasOwnKeys(node) && !node.some(isFree) ? keysAt(path).filter((key) => !names.includes(key)) : [];
  for (const key of [...names, ...own]) {
    const child = childOf(node, key);
    if (child) yield* leavesOf(child, keysAt, [...path, key]);
  }
}

export function isWithin(path: Path, above: Path | undefined): boolean {
  return above === undefined || startsWith(path, above);
}

function takes(node: Node, key: string): boolean {
  if (hasOwnKeys(node)) return true;
  return /^\d+$/.test(key) && node.some((schema) => KindGuard.IsArray(schema) || KindGuard.IsTuple(schema));
}

function additional(schema: TSchema): TSchema | undefined {
  const rest: unknown = schema["additionalProperties"];
  if (rest === true) return Type.Unknown();
  return KindGuard.IsSchema(rest) ? rest : undefined;
}

function isFree(schema: TSchema): boolean {
  return KindGuard.IsAny(schema) || KindGuard.IsUnknown(schema);
}

function isFreeNode(node: Node): boolean {
  return node.some(isFree);
}

function isCombination(schema: TSchema): boolean {
  return KindGuard.IsUnion(schema) || KindGuard.IsIntersect(schema);
}

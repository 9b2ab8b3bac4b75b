import { didYouMean, type Findings } from "./findings.ts";
import { formatPath, toSnake } from "./path.ts";
import { childOf, hasOwnKeys, mayBeTable, type Node, propertiesOf, propertyOf } from "./schema-node.ts";
import { isHostileKey, isTree, type Path, type Tree } from "./tree.ts";

const deepest = 32;
const mostValues = 50_000;

export interface Respelling {
  /** For the sentences: where a key stands, as `file:line: `, by its path as written. */
  readonly whereIs: (written: Path) => string;
  readonly problems: Findings;
  /** Keys that the schema does not know, which are left out. */
  readonly unknown: Findings;
}

/**
 * Settings as somebody wrote them, with the keys in the spelling of the schema. Keys of the user's own choice stay as they
 * are; unknown ones are left out and reported.
 */
export function respell(root: Node, written: unknown, respelling: Respelling): unknown {
  let left = mostValues;

  const walk = (node: Node | undefined, value: unknown, path: Path): unknown => {
    if (--left < 0 || path.length > deepest) return undefined;
    if (Array.isArray(value)) {
      const item = node && childOf(node, "0");
      return value.map((element: unknown, i) => walk(item, element, [...path, String(i)]));
    }
    if (isTree(value)) return node && !mayBeTable(node) ? value : walkTable(node, value, path);
    // TOML's dates: no setting is one, and as a text they can be shown and refused.
    return typeof value === "object" && value !== null ? JSON.stringify(value).replaceAll('"', "") : value;
  };

  const walkTable = (node: Node | undefined, table: Tree, path: Path): Tree => {
    const result: Tree = {};
    const writtenAs = new Map<string, string>();
    for (const [key, value] of Object.entries(table)) {
      const here = [...path, key];
      const name = nameOf(node, key);
      if (name === undefined) {
        respelling.unknown.add(describeUnknown(node, here, respelling));
        continue;
      }
      const twin = writtenAs.get(name);
      if (twin !== undefined) {
        respelling.problems.add(
          `${respelling.whereIs(here)}${formatPath([...path, twin])} and ${formatPath(here)} are the same setting; keep one`,
        );
      }
      writtenAs.set(name, key);
      result[name] = walk(node && childOf(node, name), value, here);
    }
    return result;
  };

  const result = walk(root, written, []);
  if (left < 0) respelling.problems.add(`there are more than ${mostValues} values`);
  return result;
}

/** What somebody wrote, and how keys are spelled there that they did not write. */
export interface Writing {
  readonly root: Node;
  readonly written: unknown;
  readonly spelling: "snake" | "camel";
}

/** Where a path of the schema stands, or would stand, in what somebody wrote. */
export function writtenPath({ root, written, spelling }: Writing, path: Path): Path {
  let node: Node | undefined = root;
  let value = written;
  return path.map((key) => {
    const isProperty = node !== undefined && propertiesOf(node).includes(key);
    const preferred = isProperty && spelling === "snake" ? toSnake(key) : key;
    const spelled = [preferred, key, toSnake(key)].find((candidate) => isOwn(value, candidate)) ?? preferred;
    const result = isProperty ? spelled : key;
    node = node && childOf(node, key);
    value = isOwn(value, result) ? Reflect.get(value, result) : undefined;
    return result;
  });
}

function nameOf(node: Node | undefined, key: string): string | undefined {
  if (isHostileKey(key)) return undefined;
  if (node === undefined) return key;
  return propertyOf(node, key) ?? (hasOwnKeys(node) ? key : undefined);
}

function describeUnknown(node: Node | undefined, path: Path, { whereIs }: Respelling): string {
  const key = path.at(-1) ?? "";
  const where = `${whereIs(path)}${formatPath(path)}`;
  if (isHostileKey(key)) return `${where} is not a name that a setting may have, and is ignored`;
  const known = node ? propertiesOf(node).map((name) => formatPath([...path.slice(0, -1), toSnake(name)])) : [];
  return `${where} is not known and is ignored${didYouMean(formatPath(path), known)}`;
}

function isOwn(value: unknown, key: string): value is object {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

/** Settings as data, before they are checked: what JSON can say. */
export type Tree = Record<string, unknown>;

/** From the root to a value: names, and positions inside lists. */
export type Path = readonly string[];

export function isTree(value: unknown): value is Tree {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value at a path, or undefined. Reads own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  let now = value;
  for (const segment of path) {
    if (typeof now !== "object" || now === null || !Object.hasOwn(now, segment)) return undefined;
    now = Reflect.get(now, segment);
  }
  return now;
}

/** A copy in which the value at a path is another; tables on the way there are made. */
export function withValue(tree: Tree, path: Path, value: unknown): Tree {
  const [first, ...rest] = path;
  if (first === undefined) return tree;
  const below = tree[first];
  return { ...tree, [first]: rest.length === 0 ? value : withValue(isTree(below) ? below : {}, rest, value) };
}

/** A copy without what is at a path. */
export function withoutValue(tree: Tree, path: Path): Tree {
  const [first, ...rest] = path;
  if (first === undefined || !Object.hasOwn(tree, first)) return tree;
  const { [first]: below, ...others } = tree;
  if (rest.length === 0) return others;
  return isTree(below) ? { ...tree, [first]: withoutValue(below, rest) } : tree;
}

export function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((segment, i) => path[i] === segment);
}

/** Names that would reach the machinery of objects instead of a setting; they are never taken from outside. */
export function isHostileKey(key: string): boolean {
  return key === "__proto__" || key === "constructor" || key === "prototype";
}

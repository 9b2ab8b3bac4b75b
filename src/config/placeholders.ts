import { fromText } from "./from-text.ts";
import { formatPath } from "./path.ts";
import { childOf, mayBeText, type Node } from "./schema-node.ts";
import { isTree, type Path } from "./tree.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `${NAME}`; `$${NAME}` stands for the same text unfilled. */
const placeholder = /\$?\$\{([A-Za-z_]\w*)\}/g;

export interface Filled {
  readonly value: unknown;
  /** What the file says where something was filled in, by the formatted path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly missing: readonly { readonly path: Path; readonly variable: string }[];
}

/**
 * The settings of a file with each `${NAME}` replaced by what the environment has; a variable that is empty is missing. What
 * the schema does not know counts for nothing, and stays as it is.
 */
export function fillPlaceholders(root: Node, value: unknown, environment: Environment): Filled {
  const texts = new Map<string, string>();
  const missing: { path: Path; variable: string }[] = [];

  const walk = (node: Node | undefined, now: unknown, path: Path): unknown => {
    if (!node) return now;
    if (Array.isArray(now)) {
      return now.map((item: unknown, i) => walk(childOf(node, String(i)), item, [...path, String(i)]));
    }
    if (isTree(now)) {
      const entries = Object.entries(now);
      return Object.fromEntries(entries.map(([key, item]) => [key, walk(childOf(node, key), item, [...path, key])]));
    }
    return typeof now === "string" && now.includes("${") ? fill(node, now, path) : now;
  };

  const fill = (node: Node, text: string, path: Path): unknown => {
    const names: string[] = [];
    const filled = text.replaceAll(placeholder, (written, name: string) => {
      if (written.startsWith("$$")) return written.slice(1);
      names.push(name);
      return environment[name] ?? "";
    });
    if (names.length > 0) texts.set(formatPath(path), text);
    for (const variable of names.filter((name) => !environment[name])) missing.push({ path, variable });
    return names.length === 0 || mayBeText(node) ? filled : fromText(node, filled);
  };

  return { value: walk(root, value, []), texts, missing };
}

import { Secret } from "#base";
import { childOf, isSecret, type Leaf, type Node } from "./schema-node.ts";
import { isTree, type Path } from "./tree.ts";

/** What everybody sees of a secret. */
export const hidden = "[secret]";

/** The settings with each secret inside a `Secret`, which nothing prints. Frozen, so that a value that was read stays. */
export function wrapSecrets(root: Node, value: unknown): unknown {
  return Object.freeze(
    mapLeaves(root, value, (node, leaf) => (isSecret(node) && typeof leaf === "string" ? new Secret(leaf) : leaf)),
  );
}

/**
 * The settings as they may be shown. Where the file says `${NAME}`, so does this: what the environment keeps is not for
 * everybody who may read settings, and writing it back changes nothing.
 */
export function hideSecrets(root: Node, value: unknown, textAt: (path: Path) => string | undefined): unknown {
  return mapLeaves(root, value, (node, leaf, path) => (isSecret(node) ? hidden : (textAt(path) ?? leaf)));
}

/** `Secret`s as the texts inside them, for writing. */
export function revealSecrets(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealSecrets);
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealSecrets(item)]));
}

/** A secret somewhere in the value is only what is shown for it. */
export function holdsHidden(node: Node, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item, i) => holdsHidden(childOf(node, String(i)) ?? [], item));
  if (isTree(value)) return Object.entries(value).some(([key, item]) => holdsHidden(childOf(node, key) ?? [], item));
  return isSecret(node) && value === hidden;
}

type Change = (node: Node, leaf: unknown, path: Path) => unknown;

function mapLeaves(root: Node, value: unknown, change: Change): unknown {
  return mapBelow({ node: root, path: [] }, value, change);
}

function mapBelow({ node, path }: Leaf, value: unknown, change: Change): unknown {
  if (isSecret(node) && typeof value === "object") return change(node, value, path);
  const below = (key: string): Leaf => ({ node: childOf(node, key) ?? [], path: [...path, key] });
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item: unknown, i) => mapBelow(below(String(i)), item, change)));
  }
  if (!isTree(value)) return change(node, value, path);
  const entries = Object.entries(value).map(([key, item]) => [key, mapBelow(below(key), item, change)]);
  return Object.freeze(Object.fromEntries(entries));
}

import { childOf, isSecret, type Node } from "./schema-node.ts";
import { hidden } from "./secrets.ts";
import { isTree, valueAt } from "./tree.ts";

/** One value of the file in three forms. */
export interface Written {
  /** As it stands there, `${NAME}` unfilled. */
  readonly text: unknown;
  readonly filled: unknown;
  /** As people see it, with `[secret]`. */
  readonly shown: unknown;
}

/**
 * A new value in which every part that is only what was filled in, or what was shown, is again what the file says: so the
 * environment's values and `[secret]` never get into the file. Where it is not clear what a `[secret]` in a list stands for
 * it stays, for the caller to refuse.
 */
export function keepWritten(node: Node, value: unknown, now: Written): unknown {
  if (isSame(value, now)) return now.text;
  if (Array.isArray(value)) return keepList(node, value, now);
  if (!isTree(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const child = childOf(node, key) ?? [];
    const before = partOf(now, key);
    // A secret that is not from the file was shown all the same.
    const isFromElsewhere = isSecret(child) && item === hidden && before.text === undefined;
    return isFromElsewhere ? [] : [[key, keepWritten(child, item, before)] as const];
  });
  return Object.fromEntries(entries);
}

function keepList(node: Node, list: readonly unknown[], now: Written): unknown[] {
  const before = (Array.isArray(now.text) ? [...now.text.keys()] : []).map((i) => partOf(now, String(i)));
  return list.map((item, i) => {
    const alike = before.filter((old) => isSame(item, old));
    const [first] = alike;
    if (first && alike.every((old) => Bun.deepEquals(old.text, first.text))) return first.text;
    // Several look the same: their order tells which is which, unless one was added or taken away.
    const isCounted = list.filter((other) => Bun.deepEquals(other, item)).length === alike.length;
    const position = list.slice(0, i).filter((other) => Bun.deepEquals(other, item)).length;
    const match = isCounted ? alike[position] : undefined;
    return match ? match.text : keepWritten(childOf(node, String(i)) ?? [], item, nothing);
  });
}

const nothing: Written = { text: undefined, filled: undefined, shown: undefined };

function partOf(now: Written, key: string): Written {
  return { text: valueAt(now.text, [key]), filled: valueAt(now.filled, [key]), shown: valueAt(now.shown, [key]) };
}

function isSame(value: unknown, now: Written): boolean {
  return now.text !== undefined && (Bun.deepEquals(value, now.filled) || Bun.deepEquals(value, now.shown));
}

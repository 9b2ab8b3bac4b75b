import type { ExplainedValue } from "./config.ts";
import type { Loaded } from "./load.ts";
import { variableOf } from "./path.ts";
import { descriptionOf, isWithin, type Leaf, leavesOf, showPath } from "./schema-node.ts";
import { isTree, type Path, valueAt } from "./tree.ts";

/** Every setting at or under a path, set or not, with its value as it may be shown and where that came from. */
export function explainSettings(loaded: Loaded, shown: unknown, above: Path | undefined): readonly ExplainedValue[] {
  const { root } = loaded;
  const explained: ExplainedValue[] = [];
  for (const leaf of leavesOf(root, (at) => keysOf(valueAt(shown, at)))) {
    const { path, node } = leaf;
    if (!isWithin(path, above) || isExplainedElsewhere(shown, leaf)) continue;
    explained.push({
      path: showPath(root, path),
      value: valueAt(shown, path),
      source: loaded.sourceOf(path),
      variable: variableOf(path),
      description: descriptionOf(node),
    });
  }
  return explained;
}

/** It has parts that are explained one by one, or is such a part where a plain value was chosen instead. */
function isExplainedElsewhere(shown: unknown, { path, node }: Leaf): boolean {
  const isBesides = path.some((_, length) => !isTableOrNothing(valueAt(shown, path.slice(0, length))));
  const keys = keysOf(valueAt(shown, path));
  return isBesides || (keys.length > 0 && [...leavesOf(node, () => keys)].some((part) => part.path.length > 0));
}

function isTableOrNothing(value: unknown): boolean {
  return value === undefined || isTree(value);
}

function keysOf(value: unknown): readonly string[] {
  return isTree(value) ? Object.keys(value) : [];
}

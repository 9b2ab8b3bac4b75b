import { formatPath } from "../path.ts";
import type { Path } from "../tree.ts";

/** The line of each key of a text, by the formatted path in the text's own spelling. */
export type Lines = Map<string, number>;

/** The line of a key, or of the nearest table around it that the text has. */
export function lineOf(lines: Lines, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(formatPath(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}

import { formatPath } from "../path.ts";
import { scanToml } from "../toml/scan.ts";
import type { Lines } from "./lines.ts";

export function locateInToml(text: string): Lines {
  const lines: Lines = new Map();
  for (const { path, line } of scanToml(text)) {
    for (let length = 1; length <= path.length; length++) {
      const key = formatPath(path.slice(0, length));
      if (!lines.has(key) || length === path.length) lines.set(key, line);
    }
  }
  return lines;
}

/** The line of the first statement that the parser does not take. */
export function findTomlFault(text: string, isValid: (text: string) => boolean): number | undefined {
  const statements = scanToml(text);
  let [low, high] = [0, statements.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isValid(text.slice(0, statements[middle]?.end))) low = middle + 1;
    else high = middle;
  }
  return statements[low]?.line;
}

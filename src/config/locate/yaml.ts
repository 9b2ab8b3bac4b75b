import { formatPath } from "../path.ts";
import type { Lines } from "./lines.ts";

const mostLines = 2_000;

interface Level {
  readonly indent: number;
  readonly key: string;
}

/** Keys of block style, which is how people write YAML; what is inside braces and brackets has the line they begin on. */
export function locateInYaml(text: string): Lines {
  const lines: Lines = new Map();
  let levels: Level[] = [];
  let blockIndent: number | undefined;
  for (const [i, raw] of text.split("\n").entries()) {
    const indent = raw.search(/[^ ]/);
    if (indent === -1 || raw[indent] === "#" || raw[indent] === "\r") continue;
    if (blockIndent !== undefined && indent > blockIndent) continue;
    blockIndent = /[:-]\s+[|>][+\-\d]*\s*(#.*)?$/.test(raw) ? indent : undefined;
    for (const level of levelsIn(raw, indent, levels)) {
      levels = [...levels.filter((above) => above.indent < level.indent), level];
      lines.set(formatPath(levels.map((above) => above.key)), i + 1);
    }
  }
  return lines;
}

/** The line behind the longest beginning of the text that the parser takes. */
export function findYamlFault(text: string, isValid: (text: string) => boolean): number | undefined {
  const lines = text.split("\n");
  if (lines.length > mostLines) return undefined;
  for (let taken = lines.length - 1; taken > 0; taken--) {
    if (isValid(lines.slice(0, taken).join("\n"))) return taken + 1;
  }
  return 1;
}

/** `- key: value` opens two levels: a position in a list, and a key. A list may stand as deep as its key. */
function levelsIn(raw: string, start: number, above: readonly Level[]): Level[] {
  const found: Level[] = [];
  let at = start;
  for (let rest = raw.slice(at); /^-(\s|$)/.test(rest); rest = raw.slice(at)) {
    const indent = at + 0.5;
    const before = found.length > 0 ? undefined : above.find((level) => level.indent === indent);
    found.push({ indent, key: String(before ? Number(before.key) + 1 : 0) });
    at += /^-\s*/.exec(rest)?.[0].length ?? 1;
  }
  const key = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'[{#&*!|>%@`][^:#]*?))\s*:(?:\s|$)/.exec(raw.slice(at));
  const name = key?.[1] ?? key?.[2] ?? key?.[3];
  return name === undefined ? found : [...found, { indent: at, key: name }];
}

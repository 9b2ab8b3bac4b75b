import { parseJson } from "#base";
import { isHostileKey, type Path } from "./tree.ts";

const longestPath = 1_024;

/** `gateway.auth.token`; a segment that is no bare word is quoted: `models.providers."my.own".api_key`. */
export function formatPath(path: Path): string {
  return path.map((segment) => (/^[\w-]+$/.test(segment) ? segment : JSON.stringify(segment))).join(".");
}

/** The segments of a dotted path, of which some may be quoted; undefined when it is none. */
export function parsePath(text: string): Path | undefined {
  if (text.length > longestPath) return undefined;
  const segments: string[] = [];
  const segment = /("(?:[^"\\]|\\.)*"|[^."\s]+)(\.|$)/y;
  while (segment.lastIndex < text.length) {
    const found = segment.exec(text);
    const name = found?.[1] === undefined ? undefined : unquote(found[1]);
    if (name === undefined || isHostileKey(name)) return undefined;
    segments.push(name);
    const isLast = found?.[2] === "";
    if (isLast) return segments;
  }
  return undefined;
}

/** `workerConcurrency` → `worker_concurrency`, the spelling of the file. */
export function toSnake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The environment variable that sets what is at a path: `OPENCLAW_GATEWAY_AUTH_TOKEN`. */
export function variableOf(path: Path): string {
  return [
    "OPENCLAW",
    ...path.map((segment) =>
      toSnake(segment)
        .toUpperCase()
        .replaceAll(/[^A-Z0-9]/g, "_"),
    ),
  ].join("_");
}

function unquote(segment: string): string | undefined {
  if (!segment.startsWith('"')) return segment;
  const name = parseJson(segment);
  return typeof name === "string" ? name : undefined;
}

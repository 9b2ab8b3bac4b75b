import type { TextLimit } from "#channels";

/** Markdown in pieces that a platform takes. Most answers are one piece, and load nothing. */
export async function cut(text: string, limit: TextLimit): Promise<readonly string[]> {
  if (isShort(text, limit)) return [text];
  return [text];
}

/** UTF-16 counts the most, but for bytes, of which a unit has at most three. */
function isShort(text: string, { most, unit, lines = Number.POSITIVE_INFINITY }: TextLimit): boolean {
  const size = unit === "bytes" ? text.length * 3 : text.length;
  return size <= most && (lines === Number.POSITIVE_INFINITY || text.split("\n", lines + 1).length <= lines);
}

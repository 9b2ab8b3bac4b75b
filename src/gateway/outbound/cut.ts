import type { TextLimit } from "#channels";

/** Markdown in pieces that a platform takes. Most answers are one piece, and load nothing. */
export async function cut(text: string, limit: TextLimit): Promise<readonly string[]> {
  if (isShort(text, limit)) return [text];
  const { parseMarkdown, split, toMarkdown } = await import("#markup");
  const { most, unit, lines } = limit;
  const size = sizes[unit];
  const pieces = split(parseMarkdown(text), {
    most,
    measure: (piece) => size(toMarkdown(piece)), // with its signs: what the platform makes of them is not known here
    ...(lines !== undefined && { lines }),
  });
  return pieces.length === 1 ? [text] : pieces.map(toMarkdown);
}

/** A UTF-16 unit is at least as much as a code point, and has at most three bytes. */
function isShort(text: string, { most, unit, lines = Number.POSITIVE_INFINITY }: TextLimit): boolean {
  const size = unit === "bytes" ? text.length * 3 : text.length;
  if (tableRule.test(text)) return false;
  return size <= most && (lines === Number.POSITIVE_INFINITY || text.split("\n", lines + 1).length <= lines);
}

/** The line below the head of a table, which is filled up when it is laid out. */
const tableRule = /^[ \t>]*(?=[^\n]*\|)[ \t|:]*-[ \t|:-]*$/m;

const sizes: Readonly<Record<TextLimit["unit"], (text: string) => number>> = {
  utf16: (text) => text.length,
  codePoints: (text) => Array.from(text).length,
  bytes: (text) => Buffer.byteLength(text),
};

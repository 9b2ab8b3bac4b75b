import { lazily } from "#base";
import type { TextLimit } from "#channels";

const markup = lazily(() => import("#markup"));

/** Markdown in pieces that a platform takes. Most answers are one piece; where markdown itself is counted, those load nothing. */
export async function cut(text: string, limit: TextLimit): Promise<readonly string[]> {
  const { most, unit, lines, measure } = limit;
  if (!measure && isShort(text, limit)) return [text]; // before anything is loaded
  const { parseMarkdown, split, toMarkdown } = await markup();
  const size = measure ? await measure() : (piece: Parameters<typeof toMarkdown>[0]) => sizes[unit](toMarkdown(piece));
  const whole = parseMarkdown(text);
  const fits = measure ? size(whole) <= most : Math.max(size(whole), sizes[unit](text)) <= most;
  if (fits && hasLines(text, lines)) return [text];
  return split(whole, { most, measure: size, ...(lines !== undefined && { lines }) }).map(toMarkdown);
}

/** A UTF-16 unit is at least as much as a code point, and has at most three bytes. */
function isShort(text: string, { most, unit, lines }: TextLimit): boolean {
  const size = unit === "bytes" ? text.length * 3 : text.length;
  return size <= most && hasLines(text, lines) && !tableRule.test(text);
}

function hasLines(text: string, most: number | undefined): boolean {
  return most === undefined || text.split("\n", most + 1).length <= most;
}

/** The line below the head of a table, which is filled up when it is laid out. */
const tableRule = /^[ \t>]*(?=[^\n]*\|)[ \t|:]*-[ \t|:-]*$/m;

const sizes: Readonly<Record<TextLimit["unit"], (text: string) => number>> = {
  utf16: (text) => text.length,
  codePoints: (text) => Array.from(text).length,
  bytes: (text) => Buffer.byteLength(text),
};

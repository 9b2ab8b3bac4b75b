const kept: { segmenter?: Intl.Segmenter } = {};

/** The parts of a text that a reader sees as one character each. */
export function graphemes(text: string): Intl.Segments {
  kept.segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return kept.segmenter.segment(text);
}

export function countGraphemes(text: string): number {
  let count = 0;
  for (const grapheme of graphemes(text)) count += grapheme.segment === "" ? 0 : 1;
  return count;
}

/**
 * The last place in `from < place <= to` that parts two graphemes; where one grapheme is longer than that, the last that
 * parts two code points. `from` counts as such a place. Undefined when the first code point does not fit.
 */
export function graphemeCut(text: string, from: number, to: number): number | undefined {
  if (to >= text.length) return text.length;
  if (isPlain(text, to - 1) && isPlain(text, to) && to > from) return to;
  let cut = from;
  for (const { index, segment } of graphemes(text.slice(from, to + 2))) {
    const end = from + index + segment.length;
    if (from + index <= to) cut = Math.max(cut, from + index);
    if (end > to) break;
  }
  if (cut > from) return cut;
  const place = isPairCut(text, to) ? to - 1 : to;
  return place > from ? place : undefined;
}

/** Does a place part two graphemes, read from a place that does? */
export function isGraphemeCut(text: string, from: number, place: number): boolean {
  if (place >= text.length) return true;
  const lineStart = from + text.slice(from, place).lastIndexOf("\n") + 1;
  if (place === lineStart || (isPlain(text, place - 1) && isPlain(text, place))) return true;
  return graphemes(text.slice(lineStart, place + 2)).containing(place - lineStart)?.index === place - lineStart;
}

/** Two of these side by side are two graphemes. */
function isPlain(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  return code >= 32 && code < 127;
}

function isPairCut(text: string, place: number): boolean {
  return /[\uDC00-\uDFFF]/.test(text.charAt(place)) && /[\uD800-\uDBFF]/.test(text.charAt(place - 1));
}

/** Part of the grapheme before it, even when that is a space. */
export function leans(text: string, place: number): boolean {
  const character = String.fromCodePoint(text.codePointAt(place) ?? 32);
  return /\p{M}|\p{Emoji_Modifier}|[\u200C\u0E33\u0EB3\uFF9E\uFF9F\u{E0020}-\u{E007F}]|\u200D/u.test(character);
}

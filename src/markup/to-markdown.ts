import { isSame, isToggle, type Markup, type Span, type Toggle } from "./markup.ts";
import { parseMarkdown } from "./parse-markdown.ts";
import { isPlainLine } from "./plain-line.ts";
import { tidy } from "./tidy.ts";
import { codeIn, fenceFor, type Hand, type Line, linesOf, weave } from "./weave.ts";

/** Each is read back in more cases than the one before, and harder to read for a model. */
const manners = ["bare", "inline", "sparing", "escaped", "tagged"] as const;
type Manner = (typeof manners)[number];

/** Beyond so much, or so many tries, all lines are written in one manner. */
const longest = 20_000;
const mostTries = 16;

/**
 * As markdown that `parseMarkdown` reads back as the same, with as few signs as that takes: line by line, for a line that
 * needs none of them is not to suffer for one that does. Who was mentioned becomes the text of the mention, and only that:
 * no text makes a mention.
 */
export function toMarkdown(markup: Markup): string {
  const { text, spans } = tidy(markup);
  const kept = tidy({ text, spans: spans.filter(({ style }) => style !== "mention") });
  if (kept.spans.length === 0 && isPlainLine(kept.text)) return kept.text;
  const lines = linesOf(kept);
  const byLine = kept.text.length > longest ? undefined : eachAsNeeded(kept, lines);
  if (byLine !== undefined) return byLine;
  const written = manners.values().map((manner) => write(kept, lines, () => manner));
  return written.find((candidate) => isSame(parseMarkdown(candidate), kept)) ?? write(kept, lines, () => "tagged");
}

/** Undefined when it cannot be found within the tries. */
function eachAsNeeded(kept: Markup, lines: readonly Line[]): string | undefined {
  const levels = lines.map(() => 0);
  for (let i = 0; i < mostTries; i++) {
    const written = write(kept, lines, (line) => manners[levels[line] ?? 0] ?? "tagged");
    const read = parseMarkdown(written);
    if (isSame(read, kept)) return written;
    const place = firstDifference(read, kept);
    const line = kept.text.slice(0, place).split("\n").length - 1;
    // What a line becomes may be the doing of the one below it.
    const blamed = kept.text[place] === "\n" || place === kept.text.length ? [line, line + 1] : [line];
    const raised = blamed.filter((one) => (levels[one] ?? manners.length) < manners.length - 1);
    if (raised.length === 0) return undefined;
    for (const one of raised) levels[one] = (levels[one] ?? 0) + 1;
  }
  return undefined;
}

function firstDifference(a: Markup, b: Markup): number {
  let place = 0;
  while (place < b.text.length && a.text[place] === b.text[place]) place++;
  if (place < b.text.length || a.text.length > place) return place;
  const at = b.spans.findIndex(
    (span, i) => !isSame({ text: "", spans: [span] }, { text: "", spans: a.spans.slice(i, i + 1) }),
  );
  return Math.min((b.spans[at] ?? a.spans[b.spans.length])?.start ?? 0, b.text.length);
}

function write(markup: Markup, lines: readonly Line[], mannerOf: (line: number) => Manner): string {
  const out: string[] = [];
  for (const [i, line] of lines.entries()) {
    const last = lines[i - 1];
    const quote = "> ".repeat(line.quotes.length);
    if (last && isApart(last, line)) out.push("> ".repeat(sharedQuotes(last, line)).trimEnd());
    if (line.block?.style === "pre") out.push(...codeLine(markup, lines, i).map((row) => quote + row));
    else out.push(quote + headingSign(line) + contentOf(line, mannerOf(i)));
  }
  return out.join("\n");
}

/** A quote that begins or ends would without an empty line be one with what is beside it. */
function isApart(last: Line, line: Line): boolean {
  return last.quotes.some((quote) => !line.quotes.includes(quote)) || line.quotes.length > last.quotes.length;
}

function sharedQuotes(last: Line, line: Line): number {
  return last.quotes.filter((quote) => line.quotes.includes(quote)).length;
}

function codeLine(markup: Markup, lines: readonly Line[], i: number): string[] {
  const line = lines[i];
  const block = line?.block;
  if (block?.style !== "pre") return [];
  const fence = fenceFor(markup.text.slice(block.start, block.end), 3);
  return [
    ...(lines[i - 1]?.block === block ? [] : [fence + (block.language ?? "")]),
    line?.text ?? "",
    ...(lines[i + 1]?.block === block ? [] : [fence]),
  ];
}

function headingSign({ block }: Line): string {
  return block?.style === "heading" ? `${"#".repeat(Math.min(6, Math.max(1, block.level)))} ` : "";
}

function contentOf(line: Line, manner: Manner): string {
  const written = weave(line, hands[manner]);
  if (manner === "bare") return written;
  // White space at the start of a line says nothing in markdown, unless it does not break.
  return written.replace(/^ +/, (indent) => "\u00A0".repeat(indent.length));
}

const signs: Readonly<Record<Toggle, readonly [string, string]>> = {
  bold: ["**", "**"],
  italic: ["*", "*"],
  strike: ["~~", "~~"],
  underline: ["<u>", "</u>"],
  spoiler: ["||", "||"],
};

const tagSigns: Readonly<Record<Toggle, readonly [string, string]>> = {
  bold: ["<b>", "</b>"],
  italic: ["<i>", "</i>"],
  strike: ["<s>", "</s>"],
  underline: ["<u>", "</u>"],
  spoiler: ["<tg-spoiler>", "</tg-spoiler>"],
};

const withSigns = (span: Span, inside: string) => signsOf(span, inside, signs);
const hands: Readonly<Record<Manner, Hand>> = {
  bare: { plain: (text) => text, around: withSigns },
  inline: { plain: escapeInline, around: withSigns },
  sparing: { plain: escapeSigns, around: withSigns },
  escaped: { plain: escape, around: withSigns },
  tagged: { plain: escape, around: (span, inside) => signsOf(span, inside, tagSigns) },
};

function signsOf(
  span: Span,
  inside: string,
  table: Readonly<Record<Toggle, readonly [string, string]>>,
): readonly [string, string] | string {
  if (isToggle(span)) return table[span.style];
  if (span.style === "code") return codeIn(inside);
  if (span.style !== "link") return ["", ""];
  return span.url === inside && table === signs ? inside : ["[", `](<${span.url.replaceAll(/[\\<>&]/g, encode)}>)`];
}

function encode(sign: string): string {
  return sign === "&" ? "&amp;" : `\\${sign}`;
}

const [before, after] = [String.raw`(?<=[\p{L}\p{N}])`, String.raw`(?=[\p{L}\p{N}])`];
/** Where a character is a sign: in company that lets it be one. */
const asSigns = new RegExp(
  [
    String.raw`\\(?=[!-/:-@[-\x60{-~]|$)`,
    "`",
    String.raw`[*~](?!(?<=\s.)\s)`,
    String.raw`_(?!(?<=[\p{L}\p{N}]_)[\p{L}\p{N}]|(?<=\s_)\s)`,
    String.raw`\[(?=[^\[\]]*\][([:])|!(?=\[)`,
    String.raw`<(?=[a-z/!?])`,
    String.raw`&(?=#?\w{1,32};)`,
    String.raw`\|`,
    String.raw`${before}:(?=//)`,
    String.raw`(?<=www)\.${after}`,
    String.raw`(?<=[\w.+-])@(?=[\w-]+\.)`,
  ].join("|"),
  "giu",
);

function escapeInline(text: string): string {
  return text.replaceAll(asSigns, String.raw`\$&`);
}

/** Nothing in the text is read as a sign, as far as one can see without reading the lines around it. */
function escapeSigns(text: string, written: string): string {
  const escaped = escapeInline(text);
  if (written !== "") return escaped;
  return escaped
    .replace(/^(\s*)((?:>|[+-](?=\s|$)|#{1,6}(?=\s|$)|[=:]|-{2,}))/, String.raw`$1\$2`)
    .replace(/^(\s*\d{1,9})([.)])(?=\s|$)/, String.raw`$1\$2`);
}

/** Nothing in the text is read as a sign. */
function escape(text: string, written: string): string {
  const escaped = text
    .replaceAll(/[\\`*_[\]<&|~]/g, String.raw`\$&`)
    .replaceAll(/!$|(?<=^|\s)#/g, String.raw`\$&`)
    .replaceAll("://", String.raw`\://`)
    .replaceAll(/(www)\./gi, String.raw`$1\.`)
    .replaceAll("@", String.raw`\@`);
  if (written !== "") return escaped;
  return escaped.replace(/^(\s*)([>=+:-])/, String.raw`$1\$2`).replace(/^(\s*\d{1,9})([.)])/, String.raw`$1\$2`);
}

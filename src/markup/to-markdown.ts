import { isSame, isToggle, type Markup, type Span, type Toggle } from "./markup.ts";
import { parseMarkdown } from "./parse-markdown.ts";
import { tidy } from "./tidy.ts";
import { codeIn, fenceFor, type Hand, type Line, linesOf, weave } from "./weave.ts";

/** Each is read back in more cases than the one before, and harder to read for a model. */
const manners = ["bare", "escaped", "tagged"] as const;
type Manner = (typeof manners)[number];

/**
 * As markdown that `parseMarkdown` reads back as the same, with as few signs as that takes. Who was mentioned becomes the
 * text of the mention, and only that: no text makes a mention.
 */
export function toMarkdown(markup: Markup): string {
  const { text, spans } = tidy(markup);
  const kept = tidy({ text, spans: spans.filter(({ style }) => style !== "mention") });
  const written = manners.values().map((manner) => write(kept, manner));
  return written.find((candidate) => isSame(parseMarkdown(candidate), kept)) ?? write(kept, "tagged");
}

function write(markup: Markup, manner: Manner): string {
  const lines = linesOf(markup);
  const out: string[] = [];
  for (const [i, line] of lines.entries()) {
    const last = lines[i - 1];
    const quote = "> ".repeat(line.quotes.length);
    if (last && isApart(last, line)) out.push("> ".repeat(sharedQuotes(last, line)).trimEnd());
    if (line.block?.style === "pre") out.push(...codeLine(markup, lines, i).map((row) => quote + row));
    else out.push(quote + headingSign(line) + contentOf(line, manner));
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
  const written = weave(line, manner === "bare" ? bareHand : manner === "escaped" ? escapedHand : taggedHand);
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

const bareHand: Hand = { plain: (text) => text, around: (span, inside) => signsOf(span, inside, signs) };
const escapedHand: Hand = { plain: escape, around: (span, inside) => signsOf(span, inside, signs) };
const taggedHand: Hand = { plain: escape, around: (span, inside) => signsOf(span, inside, tagSigns) };

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

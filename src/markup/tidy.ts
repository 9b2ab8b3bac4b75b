import { blockLines, type BlockLine } from "./block-lines.ts";
import { isSpace } from "./inline-ranges.ts";
import { byPlace, isBlock, type Markup, plain, type Span } from "./markup.ts";
import { isTidyLine } from "./plain-line.ts";
import { inlineOf, tidyLine } from "./tidy-line.ts";

/**
 * The one way to say what a markup says, the same for all that look the same; tidying it again changes nothing.
 * Lines end without white space, at most one empty line parts two. Quotes and code stand on lines of their own, close to
 * what is around them; a heading is one line. Every other style stays within a line and begins and ends with something visible.
 */
export function tidy(markup: Markup): Markup {
  if (markup.spans.length === 0 && isTidyLine(markup.text)) return plain(markup.text);
  const text = cleanText(markup.text);
  const spans = markup.spans.flatMap((span) => clampTo(text, span));
  const inline = inlineOf(spans);
  const page = new Page();
  for (const line of blockLines(text, spans.filter(isBlock))) {
    const isCode = line.block?.style === "pre";
    const end = endOf(text, line);
    const start = isCode ? codeStart(text, line.from, end) : startOf(text, line.from, end);
    if (start === end) page.skip();
    else {
      const content = {
        text: text.slice(start, end),
        start,
        spans: isCode ? [] : tidyLine(text, { start, end }, inline),
      };
      page.add(line, line.block?.style === "heading" ? "" : indentOf(text.slice(line.from, start), isCode), content);
    }
  }
  return page.finish();
}

interface Content {
  readonly text: string;
  readonly start: number;
  readonly spans: readonly Span[];
}

/** The tidy text as it grows, line by line. */
class Page {
  readonly #pieces: string[] = [];
  readonly #spans: Span[] = [];
  readonly #blocks = new Map<Span, { readonly start: number; end: number }>();
  #length = 0;
  #skipped = 0;
  #last: BlockLine | undefined;

  /** An empty line. */
  skip(): void {
    this.#skipped++;
  }

  add(line: BlockLine, indent: string, content: Content): void {
    this.#put(this.#last ? this.#between(this.#last, line) : "");
    const lineStart = this.#length;
    this.#put(indent);
    const shift = this.#length - content.start;
    this.#spans.push(...content.spans.map((span) => ({ ...span, start: span.start + shift, end: span.end + shift })));
    this.#put(content.text);
    const { block } = line;
    if (block?.style === "heading") this.#spans.push({ ...block, start: lineStart, end: this.#length });
    for (const outer of block?.style === "pre" ? [...line.quotes, block] : line.quotes) this.#stretch(outer, lineStart);
    this.#last = line;
    this.#skipped = 0;
  }

  finish(): Markup {
    const blocks = [...this.#blocks].map(([block, place]) => ({ ...block, ...place }));
    return { text: this.#pieces.join(""), spans: [...blocks, ...this.#spans].toSorted(byPlace) };
  }

  #put(text: string): void {
    if (text === "") return;
    this.#pieces.push(text);
    this.#length += text.length;
  }

  #stretch(block: Span, lineStart: number): void {
    const known = this.#blocks.get(block);
    if (known) known.end = this.#length;
    else this.#blocks.set(block, { start: lineStart, end: this.#length });
  }

  #between(last: BlockLine, line: BlockLine): string {
    const isSameCode = last.block === line.block && line.block?.style === "pre";
    if (isSameCode) return "\n".repeat(this.#skipped + 1);
    const standsAlone = last.block?.style === "pre" || line.block?.style === "pre" || !sameQuotes(last, line);
    if (standsAlone || last.block) return "\n";
    return line.block || this.#skipped > 0 ? "\n\n" : "\n";
  }
}

function sameQuotes(a: BlockLine, b: BlockLine): boolean {
  return a.quotes.length === b.quotes.length && a.quotes.every((quote, i) => quote === b.quotes[i]);
}

/** Every character stays where it was. */
function cleanText(text: string): string {
  return (
    text
      .toWellFormed()
      .replaceAll("\r\n", " \n")
      .replaceAll(/[\r\u2028\u2029]/g, "\n")
      .replaceAll(/[\v\f\u0085]/g, " ")
      // eslint-disable-next-line no-control-regex -- no terminal and no platform shall be told anything by them
      .replaceAll(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g, "\uFFFD")
  );
}

function clampTo(text: string, span: Span): Span[] {
  const start = onCharacter(text, Math.max(0, span.start));
  const end = onCharacter(text, Math.min(text.length, span.end));
  return start < end ? [{ ...span, start, end }] : [];
}

function onCharacter(text: string, place: number): number {
  const isInsidePair = /[\uDC00-\uDFFF]/.test(text.charAt(place)) && /[\uD800-\uDBFF]/.test(text.charAt(place - 1));
  return isInsidePair ? place - 1 : place;
}

function endOf(text: string, { from, to }: BlockLine): number {
  let end = to;
  while (end > from && isSpace(text, end - 1)) end--;
  return end;
}

function startOf(text: string, from: number, end: number): number {
  let start = from;
  while (start < end && isSpace(text, start)) start++;
  return start;
}

function codeStart(text: string, from: number, end: number): number {
  let start = from;
  while (start < end && (text[start] === " " || text[start] === "\t")) start++;
  return start;
}

/** Of spaces only: in code up to the next of the stops, as markdown has it. */
function indentOf(space: string, isCode: boolean): string {
  if (!isCode) return " ".repeat(space.replaceAll("\t", "    ").length);
  let width = 0;
  for (const sign of space) width += sign === "\t" ? 4 - (width % 4) : 1;
  return " ".repeat(width);
}

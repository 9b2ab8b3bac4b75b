import { type BlockLine, blockLines } from "./block-lines.ts";
import { isBlock, type Markup, type Span } from "./markup.ts";

/** A line of a tidy markup: its text, the inline spans in it (places within the line), the blocks around it. */
export interface Line {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly quotes: readonly Span[];
  readonly block: Span | undefined;
}

export function linesOf({ text, spans }: Markup): Line[] {
  const inline = spans.filter((span) => !isBlock(span));
  const lines: Line[] = [];
  let next = 0;
  for (const line of blockLines(text, spans.filter(isBlock))) {
    const inLine: Span[] = [];
    for (let span = inline[next]; span && span.start < line.to; span = inline[++next]) {
      inLine.push({ ...span, start: span.start - line.from, end: span.end - line.from });
    }
    lines.push({ ...place(line), text: text.slice(line.from, line.to), spans: inLine });
  }
  return lines;
}

function place({ quotes, block }: BlockLine): Pick<Line, "quotes" | "block"> {
  return { quotes, block };
}

/** How one platform writes a line. */
export interface Hand {
  /** `hasClosed`: what was written last is the closing sign of a style. */
  plain(text: string, written: string, hasClosed?: boolean): string;
  /** What stands before and after a span, or the whole of it where its text is written otherwise or not at all. */
  around(span: Span, inside: string, written: string): readonly [before: string, after: string] | string;
}

/** One line as a platform writes it: the outer signs around the inner ones. */
export function weave({ text, spans }: Pick<Line, "text" | "spans">, hand: Hand): string {
  const open: { readonly end: number; readonly after: string }[] = [];
  let [written, at, hasClosed] = ["", 0, false];
  const write = (to: number) => {
    if (to <= at) return;
    written += hand.plain(text.slice(at, to), written, hasClosed);
    [at, hasClosed] = [to, false];
  };
  const closeUpTo = (to: number) => {
    for (let last = open.at(-1); last && last.end <= to; last = open.at(-1)) {
      write(last.end);
      written += last.after;
      hasClosed = last.after !== "";
      open.pop();
    }
  };
  for (const span of spans) {
    if (span.start < at) continue; // in a span that was written whole
    closeUpTo(span.start);
    write(span.start);
    hasClosed = false;
    const signs = hand.around(span, text.slice(span.start, span.end), written);
    if (typeof signs === "string") {
      written += signs;
      [at, hasClosed] = [span.end, true];
    } else {
      written += signs[0];
      open.push({ end: span.end, after: signs[1] });
    }
  }
  closeUpTo(text.length);
  write(text.length);
  return written;
}

/** A row of backticks that is in none of the text, at least so long. */
export function fenceFor(text: string, least: number): string {
  const longest = Array.from(text.matchAll(/`+/g), ([row]) => row.length).reduce((most, row) => Math.max(most, row), 0);
  return "`".repeat(longest < least ? least : longest + 1);
}

/** Code within a line, between rows of backticks that are not in it. */
export function codeIn(inside: string): string {
  const fence = fenceFor(inside, 1);
  const room = inside.startsWith("`") || inside.endsWith("`") ? " " : "";
  return fence + room + inside + room + fence;
}

import { countGraphemes, graphemeCut, isGraphemeCut, leans } from "./graphemes.ts";
import { isSpace } from "./inline-ranges.ts";
import { type Markup, plain, type Span } from "./markup.ts";
import { bestPlace } from "./split-place.ts";
import { Slicer } from "./slice.ts";
import { tidy } from "./tidy.ts";

export type Unit = "utf16" | "codePoints" | "bytes" | "graphemes";

export interface SplitLimits {
  /** The largest that a piece may be. */
  readonly most: number;
  /** How large a piece is: its text in a unit, or what a platform makes of it, signs and all. UTF-16 units when left out. */
  readonly measure?: Unit | ((piece: Markup) => number);
  /** The most lines a piece may have. */
  readonly lines?: number;
}

const units: Readonly<Record<Unit, (piece: Markup) => number>> = {
  utf16: ({ text }) => text.length,
  codePoints: ({ text }) => {
    let count = 0;
    for (let i = 0; i < text.length; i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1) count++;
    return count;
  },
  bytes: ({ text }) => Buffer.byteLength(text),
  graphemes: ({ text }) => countGraphemes(text),
};

/**
 * In pieces that fit. Cut between paragraphs where that can be, else between lines, sentences, words, graphemes; a
 * grapheme that does not fit is cut between code points. Links and code stay whole where they fit; a style that is cut
 * goes on in the next piece, code with its language. Only white space at the cuts is lost. A style that leaves no room
 * for its own text, as a link to a very long address, is left out of its piece.
 */
export function split(markup: Markup, limits: SplitLimits): readonly Markup[] {
  const fits = fitIn(limits);
  const { text, spans } = tidy(markup);
  const leavesRoom = (span: Span) => !isHeavy(span) || fits({ text: "x", spans: [{ ...span, start: 0, end: 1 }] });
  const whole: Markup = { text, spans: spans.filter(leavesRoom) };
  const work: Work = {
    text,
    fits,
    first: Math.ceil(limits.most),
    slicer: new Slicer(whole),
    mayStayWhole: wholeness(text, fits),
  };
  const pieces: Markup[] = [];
  let at = 0;
  while (at < text.length) {
    work.slicer.moveTo(at);
    const styledEnd = cutStyled(work, at);
    const end = styledEnd ?? cutPlain(work, at);
    const piece = tidy(styledEnd === undefined ? plain(text.slice(at, end)) : work.slicer.upTo(end));
    if (piece.text !== "") pieces.push(piece);
    at = skipSpace(text, end);
  }
  return pieces;
}

/** How much room it takes depends on more than its style. */
function isHeavy({ style }: Span): boolean {
  return style === "link" || style === "pre" || style === "mention";
}

interface Work {
  readonly text: string;
  readonly fits: (piece: Markup) => boolean;
  /** How much to try first. */
  readonly first: number;
  readonly slicer: Slicer;
  readonly mayStayWhole: (span: Span) => boolean;
}

/** Each span is measured once, however often a cut would fall into it. */
function wholeness(text: string, fits: (piece: Markup) => boolean): (span: Span) => boolean {
  const known = new Map<Span, boolean>();
  return (span) => {
    const answer =
      known.get(span) ??
      fits({ text: text.slice(span.start, span.end), spans: [{ ...span, start: 0, end: span.end - span.start }] });
    known.set(span, answer);
    return answer;
  };
}

function fitIn({ most, measure = "utf16", lines = Infinity }: SplitLimits): (piece: Markup) => boolean {
  if (!(most >= 1 && lines >= 1)) throw new RangeError(`no text fits into ${most} in ${lines} lines`);
  const size = typeof measure === "string" ? units[measure] : measure;
  return (piece) => lineCount(piece.text, lines) <= lines && size(piece) <= most;
}

function lineCount(text: string, enough: number): number {
  if (enough === Infinity) return 1;
  let count = 1;
  for (let i = text.indexOf("\n"); i >= 0 && count <= enough; i = text.indexOf("\n", i + 1)) count++;
  return count;
}

/** Signs may take more room at one place than a little further on, so what was chosen is measured once more. */
const tries = 4;

/** Where the piece ends; undefined when its styles leave no room for text. */
function cutStyled({ text, fits, first, slicer, mayStayWhole }: Work, at: number): number | undefined {
  const fitsTo = (to: number) => fits(slicer.upTo(to));
  let furthest = reach(text, { at, first }, fitsTo);
  if (furthest === text.length) return furthest;
  for (let i = 0; i < tries; i++) {
    const end = graphemeCut(text, at, furthest);
    if (end === undefined) return undefined;
    const best = bestPlace({ text, at, furthest: end, spans: slicer.spansUpTo(end + 1), mayStayWhole });
    const place = isGraphemeCut(text, at, best) && isGraphemeCut(text, at, skipSpace(text, best)) ? best : end;
    if (fitsTo(place)) return place;
    furthest = place - 1;
  }
  return undefined;
}

/** The text without the styles that leave no room for it: as much as fits, up to where the first of them ends. */
function cutPlain({ text, fits, first, slicer }: Work, at: number): number {
  const furthest = reach(text, { at, first }, (to) => fits(plain(text.slice(at, to))));
  const end = slicer.spansUpTo(at + 1).reduce((least, span) => Math.min(least, span.end), furthest);
  return graphemeCut(text, at, end) ?? at + String.fromCodePoint(text.codePointAt(at) ?? 0).length;
}

/** The furthest that fits, found by doubling and halving. */
function reach(
  text: string,
  { at, first }: { readonly at: number; readonly first: number },
  fitsTo: (to: number) => boolean,
): number {
  let [fitting, tooFar] = [at, Math.min(text.length, at + first)];
  while (fitsTo(tooFar)) {
    if (tooFar === text.length) return tooFar;
    [fitting, tooFar] = [tooFar, Math.min(text.length, tooFar + (tooFar - at))];
  }
  while (tooFar - fitting > 1) {
    const middle = (fitting + tooFar) >> 1;
    if (fitsTo(middle)) fitting = middle;
    else tooFar = middle;
  }
  return fitting;
}

/** Over the white space at a cut, but for the indentation of the line that comes next. */
function skipSpace(text: string, from: number): number {
  let [place, lineStart] = [from, -1];
  while (place < text.length && isSpace(text, place)) {
    if (text[place] === "\n") lineStart = place + 1;
    else if (text[place] !== "\t" && leans(text, place + 1)) break;
    place++;
  }
  return lineStart < 0 || place === text.length ? place : lineStart;
}

import { byPlace, type Span } from "./markup.ts";

/** Quotes within quotes beyond this are one. */
const deepest = 8;

/** One line, and the blocks it lies in: any number of quotes, then at most one heading or code block. */
export interface BlockLine {
  readonly from: number;
  readonly to: number;
  readonly quotes: readonly Span[];
  readonly block: Span | undefined;
}

/** Blocks nested by construction: what begins in a heading or in code is left out, what outgrows its quote is cut. */
function nested(blocks: readonly Span[]): Span[] {
  const open: Span[] = [];
  const kept: Span[] = [];
  for (const span of blocks.toSorted(byPlace)) {
    while ((open.at(-1)?.end ?? Infinity) <= span.start) open.pop();
    const outer = open.at(-1);
    const isFull = span.style === "quote" && open.length >= deepest;
    if (outer && (outer.style !== "quote" || isFull)) continue;
    const held: Span = { ...span, end: Math.min(span.end, outer?.end ?? Infinity) };
    open.push(held);
    kept.push(held);
  }
  return kept;
}

/** The lines of a text; a block that begins or ends inside one breaks it there. */
export function* blockLines(text: string, blocks: readonly Span[]): Generator<BlockLine> {
  const waiting = nested(blocks);
  const open: Span[] = [];
  let [at, next, newline] = [0, 0, -1];
  while (at <= text.length) {
    next = enter(at, { waiting, next, open });
    if (newline < at) newline = indexOrEnd(text, at);
    const to = Math.min(newline, edgeAfter(waiting[next], open.at(-1)));
    const block = open.at(-1)?.style === "quote" ? undefined : open.at(-1);
    yield { from: at, to, quotes: block ? open.slice(0, -1) : open.slice(), block };
    at = to === newline ? to + 1 : to;
  }
}

/** Leaves the blocks that end here, enters those that begin; which is the next to wait for. */
function enter(
  at: number,
  { waiting, next, open }: { readonly waiting: readonly Span[]; readonly next: number; readonly open: Span[] },
): number {
  while (open.length > 0 && (open.at(-1)?.end ?? at) <= at) open.pop();
  let index = next;
  for (let block = waiting[index]; block && block.start <= at; block = waiting[++index]) {
    if (block.end > at) open.push(block);
  }
  return index;
}

function edgeAfter(next: Span | undefined, inner: Span | undefined): number {
  return Math.min(next?.start ?? Infinity, inner?.end ?? Infinity);
}

function indexOrEnd(text: string, at: number): number {
  const found = text.indexOf("\n", at);
  return found < 0 ? text.length : found;
}

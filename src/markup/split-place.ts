import { leans } from "./graphemes.ts";
import { around, disjoint, isSpace, type Range } from "./inline-ranges.ts";
import { type Span } from "./markup.ts";

export interface Room {
  readonly text: string;
  readonly at: number;
  /** What lies between fits. */
  readonly furthest: number;
  /** All that begin up to there. */
  readonly spans: readonly Span[];
  readonly mayStayWhole: (span: Span) => boolean;
}

/** From the best kind of place to the worst, and how much of the room must be used for it to be worth its while. */
const kinds = [
  { kind: "paragraph", least: 0.35 },
  { kind: "line", least: 0.35 },
  { kind: "sentence", least: 0.5 },
  { kind: "word", least: 0 },
] as const;
type Kind = (typeof kinds)[number]["kind"];

/** Where to cut: before white space where there is some, never in what should stay whole, at the end of the room at worst. */
export function bestPlace(room: Room): number {
  const { at, furthest, spans } = room;
  const whole = disjoint(spans.filter((span) => isAtomic(span) && span.end > at && room.mayStayWhole(span)));
  const found = lastOfEachKind(room, whole);
  const worthwhile = kinds.find(({ kind, least }) => (found.get(kind) ?? at) - at > (furthest - at) * least);
  if (worthwhile) return found.get(worthwhile.kind) ?? furthest;
  const held = around(whole, furthest);
  return Math.max(...found.values(), found.size > 0 ? at : held && held.start > at ? held.start : furthest);
}

function lastOfEachKind({ text, at, furthest, spans }: Room, whole: readonly Range[]): Map<Kind, number> {
  const edges = edgesOf(spans);
  const found = new Map<Kind, number>();
  for (let place = furthest; place > at && !found.has("paragraph"); place--) {
    place = around(whole, place)?.start ?? place;
    const kind = place > at ? kindOf(text, place, edges) : undefined;
    if (kind && !found.has(kind)) found.set(kind, place);
  }
  return found;
}

function isAtomic({ style }: Span): boolean {
  return style === "link" || style === "mention" || style === "code" || style === "pre";
}

interface Edges {
  /** Where blocks begin or end. */
  readonly blocks: ReadonlySet<number>;
  /** A heading belongs to what it is above. */
  readonly headings: ReadonlySet<number>;
}

function edgesOf(spans: readonly Span[]): Edges {
  const blocks = spans.filter(({ style }) => style === "quote" || style === "pre" || style === "heading");
  return {
    blocks: new Set(blocks.flatMap((span) => (span.style === "heading" ? [span.start] : [span.start, span.end]))),
    headings: new Set(blocks.flatMap((span) => (span.style === "heading" ? [span.end] : []))),
  };
}

function kindOf(text: string, place: number, edges: Edges): Kind | undefined {
  if (text[place] === "\n") {
    if (edges.headings.has(place)) return "word";
    const isBetweenBlocks = edges.blocks.has(place) || edges.blocks.has(place + 1);
    return text[place + 1] === "\n" || isBetweenBlocks ? "paragraph" : "line";
  }
  if (/[。！？]/.test(text.charAt(place - 1))) return "sentence";
  if (!isSpace(text, place) || isSpace(text, place - 1) || leans(text, place + 1)) return undefined;
  return /[.!?…]["')\]”’»]?$/.test(text.slice(Math.max(0, place - 2), place)) ? "sentence" : "word";
}

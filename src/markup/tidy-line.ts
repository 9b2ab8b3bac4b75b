import { disjoint, indexEndingAfter, lastBefore, nest, type Range, splitAt, trimmed, union } from "./inline-ranges.ts";
import { type Span, type Toggle, toggles } from "./markup.ts";
import { safeUrl } from "./safe-url.ts";

type Held = Extract<Span, { style: "link" | "mention" }>;
type Code = Extract<Span, { style: "code" }>;
type Switched = Range & { readonly style: Toggle };

/** The inline styles of a whole text, each kind sorted and without overlap. */
interface Inline {
  readonly held: readonly Held[];
  readonly codes: readonly Code[];
  readonly switched: ReadonlyMap<Toggle, readonly Range[]>;
}

export function inlineOf(spans: readonly Span[]): Inline {
  return {
    held: disjoint(spans.flatMap(heldOf)),
    codes: union(spans.filter(({ style }) => style === "code")).map((range) => ({ ...range, style: "code" })),
    switched: new Map(toggles.map((style) => [style, union(spans.filter((span) => span.style === style))])),
  };
}

function heldOf(span: Span): Held[] {
  if (span.style === "mention") return [span];
  if (span.style !== "link") return [];
  const url = safeUrl(span.url);
  return url === undefined ? [] : [{ ...span, url }];
}

/** What of the inline styles lies in one line: clipped to it, trimmed, and cut where two would cross. */
export function tidyLine(text: string, line: Range, inline: Inline): Span[] {
  const allCodes = within(text, line, inline.codes);
  const held = within(text, line, inline.held).filter((range) => !isInside(range, allCodes));
  const codes = allCodes.flatMap((code) => trimEach(text, splitAt(code, held)));
  const switched = toggles.flatMap((style) =>
    within(text, line, inline.switched.get(style) ?? []).map((range): Switched => ({ ...range, style })),
  );
  return [...held, ...codes, ...settle(text, switched, { held, codes })];
}

/** Cuts can leave white space at an edge, and without it the next cuts fall otherwise; in a few rounds they no longer change. */
const mostRounds = 8;

function settle(
  text: string,
  switched: readonly Switched[],
  { held, codes }: { readonly held: readonly Range[]; readonly codes: readonly Range[] },
): Switched[] {
  let [ranges, before] = [[...switched], ""];
  for (let round = 0; round < mostRounds && ranges.length > 0; round++) {
    const parts = joined(ranges)
      .flatMap((range) => splitAt(range, codes))
      .filter((part) => !isInside(part, codes))
      .flatMap((part) => splitAt(part, held));
    ranges = trimEach(text, nest(trimEach(text, parts)));
    const now = ranges.map(({ start, end, style }) => `${start}-${end}${style}`).join();
    if (now === before) break;
    before = now;
  }
  return ranges;
}

function joined(ranges: readonly Switched[]): Switched[] {
  return toggles.flatMap((style) =>
    union(ranges.filter((range) => range.style === style)).map((range) => ({ ...range, style })),
  );
}

function within<R extends Range>(text: string, line: Range, ranges: readonly R[]): R[] {
  const found: R[] = [];
  let index = indexEndingAfter(ranges, line.start);
  for (let range = ranges[index]; range && range.start < line.end; range = ranges[++index]) {
    const clipped = { ...range, start: Math.max(range.start, line.start), end: Math.min(range.end, line.end) };
    found.push(...trimEach(text, [clipped]));
  }
  return found;
}

function trimEach<R extends Range>(text: string, ranges: readonly R[]): R[] {
  return ranges.flatMap((range) => trimmed(text, range) ?? []);
}

/** In code, and not the same stretch as it. */
function isInside(range: Range, codes: readonly Range[]): boolean {
  const code = lastBefore(codes, range.start);
  if (!code || code.end < range.end) return false;
  return code.start < range.start || code.end > range.end;
}

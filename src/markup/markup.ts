/** Styles that a stretch of text has or has not; two that touch are one. */
export type Toggle = "bold" | "italic" | "underline" | "strike" | "spoiler";

export type Mentioned = "user" | "channel" | "role";

export type Style =
  | { readonly style: Toggle }
  | { readonly style: "code" }
  | { readonly style: "link"; readonly url: string }
  | { readonly style: "mention"; readonly of: Mentioned; readonly id: string }
  | { readonly style: "quote" }
  | { readonly style: "heading"; readonly level: number }
  | { readonly style: "pre"; readonly language?: string };

/** A style from `start` up to, not including, `end`, both in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number } & Style;

/** A text and how it looks. Tidy (`tidy`) when it comes from this room: spans sorted by start, outer first, disjoint or nested, never empty. */
export interface Markup {
  readonly text: string;
  readonly spans: readonly Span[];
}

/** From the outermost to the innermost of what covers the same text. */
export const styles = [
  "quote",
  "heading",
  "pre",
  "link",
  "mention",
  "bold",
  "italic",
  "underline",
  "strike",
  "spoiler",
  "code",
] as const satisfies readonly Style["style"][];

export const toggles: readonly Toggle[] = ["bold", "italic", "underline", "strike", "spoiler"];

const ranks = new Map<string, number>(styles.map((style, rank) => [style, rank]));

/** Outer spans before what they contain. */
export function byPlace(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end || (ranks.get(a.style) ?? 0) - (ranks.get(b.style) ?? 0);
}

export function isBlock(span: Span): boolean {
  return span.style === "quote" || span.style === "heading" || span.style === "pre";
}

export function isToggle(span: Span): span is Span & { readonly style: Toggle } {
  return toggles.some((style) => style === span.style);
}

export function plain(text: string): Markup {
  return { text, spans: [] };
}

export function isSame(a: Markup, b: Markup): boolean {
  if (a.text !== b.text || a.spans.length !== b.spans.length) return false;
  return a.spans.every((span, i) => {
    const other = b.spans[i];
    return other && span.start === other.start && span.end === other.end && detail(span) === detail(other);
  });
}

function detail(span: Span): string {
  if (span.style === "link") return `link ${span.url}`;
  if (span.style === "mention") return `mention ${span.of} ${span.id}`;
  if (span.style === "heading") return `heading ${span.level}`;
  if (span.style === "pre") return `pre ${span.language ?? ""}`;
  return span.style;
}

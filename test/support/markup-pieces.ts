import { type Markup, type Span } from "#markup";

/** A markup as a line to read in a test: each span as `style(text)`, in order. */
export function stylesIn({ text, spans }: Markup): string[] {
  return spans.map((span) => `${named(span)}(${text.slice(span.start, span.end)})`);
}

function named(span: Span): string {
  if (span.style === "link") return `link ${span.url} `;
  if (span.style === "mention") return `${span.of} ${span.id} `;
  if (span.style === "heading") return `heading ${span.level} `;
  return span.style === "pre" && span.language !== undefined ? `pre ${span.language} ` : span.style;
}

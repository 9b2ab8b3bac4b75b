import { disjoint, lastBefore, type Range, trimmed, without } from "./inline-ranges.ts";
import { languageOf } from "./language.ts";
import { byPlace, isToggle, type Markup, type Span, type Style } from "./markup.ts";
import { split } from "./split.ts";
import { tidy } from "./tidy.ts";

/** A `MessageEntity` of the Bot API; places in UTF-16 units, as ours. */
export interface TelegramEntity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly user?: { readonly id: number };
}

export interface TelegramText {
  readonly text: string;
  readonly entities: readonly TelegramEntity[];
}

/** What one message takes; a caption takes 1024. */
const mostText = 4_096;
/** What goes beyond is ignored by the platform. */
const mostEntities = 100;

export function toTelegram(markup: Markup): TelegramText {
  return write(tidy(markup));
}

/** The messages that it takes to send it. */
export function telegramMessages(
  markup: Markup,
  { most = mostText }: { readonly most?: number } = {},
): readonly TelegramText[] {
  return split(markup, { most, measure: telegramSize }).map(toTelegram);
}

/** What counts is the text alone, as long as its entities are counted too. */
export function telegramSize(piece: Markup): number {
  return write(piece).entities.length > mostEntities ? Infinity : piece.text.length;
}

const idOfUser = /^\d{1,16}$/;

/**
 * Nested as the Bot API wants it: nothing in code, so the styles around it make room; no code in a link; one level of
 * quotes. A heading is bold.
 */
function write({ text, spans }: Markup): TelegramText {
  if (spans.length === 0) return { text, entities: [] };
  const links = disjoint(spans.filter(({ style }) => style === "link" || style === "mention"));
  const codes = disjoint(spans.filter(({ style }) => style === "code" || style === "pre")).filter(
    (code) => !isWithin(code, links),
  );
  const quotes = disjoint(spans.filter(({ style }) => style === "quote"));
  const headings = disjoint(spans.filter(({ style }) => style === "heading"));
  const switched = spans.filter((span) => isToggle(span) && !(span.style === "bold" && isWithin(span, headings)));
  const styled = [...headings, ...switched].flatMap((span) =>
    without(span, codes).flatMap((part): Span[] => {
      const visible = trimmed(text, part);
      return visible ? [{ ...span, ...visible }] : [];
    }),
  );
  return { text, entities: [...quotes, ...links, ...codes, ...styled].toSorted(byPlace).flatMap(entityOf) };
}

function isWithin(inner: Range, outers: readonly Range[]): boolean {
  const outer = lastBefore(outers, inner.start);
  return outer !== undefined && outer.end >= inner.end;
}

function entityOf(span: Span): TelegramEntity[] {
  const place = { offset: span.start, length: span.end - span.start };
  if (span.style === "link") return [{ type: "text_link", ...place, url: span.url }];
  if (span.style === "pre") {
    return [{ type: "pre", ...place, ...(span.language === undefined ? {} : { language: span.language }) }];
  }
  if (span.style === "mention") {
    if (span.of !== "user" || !idOfUser.test(span.id)) return [];
    return [{ type: "text_mention", ...place, user: { id: Number(span.id) } }];
  }
  return [{ type: entityTypes[span.style], ...place }];
}

const entityTypes = {
  bold: "bold",
  italic: "italic",
  underline: "underline",
  strike: "strikethrough",
  spoiler: "spoiler",
  code: "code",
  quote: "blockquote",
  heading: "bold",
} as const;

const readable = new Map<string, Style>([
  ["bold", { style: "bold" }],
  ["italic", { style: "italic" }],
  ["underline", { style: "underline" }],
  ["strikethrough", { style: "strike" }],
  ["spoiler", { style: "spoiler" }],
  ["code", { style: "code" }],
  ["blockquote", { style: "quote" }],
  ["expandable_blockquote", { style: "quote" }],
]);

/** What a person wrote. Entities that say nothing about looks or people are left out. */
export function fromTelegram({ text, entities }: TelegramText): Markup {
  const spans = entities.flatMap((entity): Span[] => {
    const [start, end] = [entity.offset, entity.offset + entity.length];
    const style = readStyle(entity, text.slice(start, end));
    return style ? [{ start, end, ...style }] : [];
  });
  return tidy({ text, spans });
}

function readStyle({ type, url, language, user }: TelegramEntity, inside: string): Style | undefined {
  if (type === "text_link") return url === undefined ? undefined : { style: "link", url };
  if (type === "url") return { style: "link", url: /^[a-z][a-z+.-]*:/i.test(inside) ? inside : `http://${inside}` };
  if (type === "email") return { style: "link", url: `mailto:${inside}` };
  if (type === "mention") return { style: "mention", of: "user", id: inside };
  if (type === "text_mention") return user && { style: "mention", of: "user", id: String(user.id) };
  if (type !== "pre") return readable.get(type);
  const name = languageOf(language ?? "");
  return name === undefined ? { style: "pre" } : { style: "pre", language: name };
}

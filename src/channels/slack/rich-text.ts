import type { Markup, NameOf, Span, Style } from "#markup";
import { Type } from "@sinclair/typebox";
import { as } from "./wire.ts";

const maybe = Type.Optional(Type.String());

const Piece = Type.Object({
  type: Type.String(),
  text: maybe,
  url: maybe,
  user_id: maybe,
  channel_id: maybe,
  usergroup_id: maybe,
  team_id: maybe,
  name: maybe,
  unicode: maybe,
  range: maybe,
  value: maybe,
  fallback: maybe,
  style: Type.Optional(
    Type.Object({
      bold: Type.Optional(Type.Boolean()),
      italic: Type.Optional(Type.Boolean()),
      strike: Type.Optional(Type.Boolean()),
      code: Type.Optional(Type.Boolean()),
      underline: Type.Optional(Type.Boolean()),
    }),
  ),
});
type Piece = typeof Piece.static;

const Part = Type.Object({
  type: Type.String(),
  elements: Type.Array(Type.Unknown()),
  style: maybe,
  indent: Type.Optional(Type.Number()),
  offset: Type.Optional(Type.Number()),
  language: maybe,
});
type Part = typeof Part.static;

const RichText = Type.Object({ type: Type.Literal("rich_text"), elements: Type.Array(Type.Unknown()) });

/** What a person wrote in Slack's editor; undefined when there is nothing of the kind among the blocks. */
export function readRichText(blocks: readonly unknown[], nameOf: NameOf): Markup | undefined {
  const parts = blocks.flatMap((block) => as(RichText, block)?.elements ?? []).flatMap((part) => as(Part, part) ?? []);
  if (parts.length === 0) return undefined;
  const page = new Page(nameOf);
  for (const part of parts) page.add(part);
  return page;
}

/** The ids of everyone whom the blocks name. */
export function usersIn(blocks: readonly unknown[]): string[] {
  return [...JSON.stringify(blocks).matchAll(/"user_id":"([A-Z0-9]{1,30})"/g)].flatMap(([, id]) => id ?? []);
}

const toggles = ["bold", "italic", "strike", "underline"] as const;

class Page implements Markup {
  text = "";
  readonly spans: Span[] = [];
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  add(part: Part): void {
    if (part.type === "rich_text_list") return this.#addList(part);
    this.#beginLine();
    const start = this.text.length;
    for (const piece of part.elements) this.#addPiece(piece);
    if (part.type === "rich_text_quote") this.#cover(start, { style: "quote" });
    if (part.type !== "rich_text_preformatted") return;
    this.#cover(start, { style: "pre", ...(part.language === undefined ? {} : { language: part.language }) });
  }

  #addList({ elements, style, indent, offset }: Part): void {
    for (const [i, item] of elements.entries()) {
      this.#beginLine();
      const sign = style === "ordered" ? `${(offset ?? 0) + i + 1}.` : "•";
      this.text += `${"  ".repeat(Math.min(indent ?? 0, 8))}${sign} `;
      for (const piece of as(Part, item)?.elements ?? []) this.#addPiece(piece);
    }
  }

  #addPiece(given: unknown): void {
    const piece = as(Piece, given);
    if (!piece) return;
    const start = this.text.length;
    this.text += this.#textOf(piece);
    if (piece.type === "link" && piece.url !== undefined) this.#cover(start, { style: "link", url: piece.url });
    if (piece.user_id !== undefined) this.#cover(start, { style: "mention", of: "user", id: piece.user_id });
    if (piece.channel_id !== undefined) this.#cover(start, { style: "mention", of: "channel", id: piece.channel_id });
    for (const toggle of toggles) if (piece.style?.[toggle]) this.#cover(start, { style: toggle });
    if (piece.style?.code) this.#cover(start, { style: "code" });
  }

  #textOf(piece: Piece): string {
    if (piece.user_id !== undefined) return `@${this.#nameOf("user", piece.user_id) ?? piece.user_id}`;
    if (piece.channel_id !== undefined) return `#${this.#nameOf("channel", piece.channel_id) ?? piece.channel_id}`;
    if (piece.type === "emoji") return emojiOf(piece);
    const called = piece.usergroup_id ?? piece.range;
    if (called !== undefined) return `@${called}`;
    return piece.text ?? piece.url ?? piece.value ?? piece.fallback ?? "";
  }

  #beginLine(): void {
    if (this.text !== "" && !this.text.endsWith("\n")) this.text += "\n";
  }

  #cover(start: number, style: Style): void {
    if (this.text.length > start) this.spans.push({ start, end: this.text.length, ...style });
  }
}

/** Slack gives the code points in hexadecimal, with dashes between; its own emoji have a name alone. */
function emojiOf({ unicode, name }: Piece): string {
  const points = (unicode ?? "").split("-").map((hex) => Number.parseInt(hex, 16));
  const isOne = points.every((point) => point > 0 && point <= 0x10ffff);
  return isOne ? String.fromCodePoint(...points) : `:${name ?? ""}:`;
}

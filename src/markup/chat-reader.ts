import { Draft, type OpenMarks } from "./draft.ts";
import { languageOf } from "./language.ts";
import { type Markup, type Mentioned, plain, type Style } from "./markup.ts";
import { isPlainLine } from "./plain-line.ts";

/** The name that people see for an id in a mention. */
export type NameOf = (of: Mentioned, id: string) => string | undefined;

/** A sign that stands on both sides of what it styles. */
export interface Sign {
  readonly style: Style;
  /** Not beside a letter or digit on the outside. */
  readonly isWholeWords: boolean;
}

/** How people write on one platform. */
export interface ChatDialect {
  /** Everything in a line that is not text; the first group that is there says what it is. */
  readonly tokens: RegExp;
  readonly signs: ReadonlyMap<string, Sign>;
  readonly quote: RegExp;
  /** What is quoted from here to the end. */
  readonly quoteAll: RegExp | undefined;
  readonly heading: RegExp | undefined;
  readonly hasLanguages: boolean;
  /** Writes a token that is no sign. */
  readonly read: (draft: Draft, token: RegExpExecArray) => void;
  readonly readText: (text: string) => string;
}

/** What a person wrote on a platform with signs of its own: code first, then line by line. */
export function readChat(text: string, dialect: ChatDialect): Markup {
  if (isPlainLine(text)) return plain(text);
  const draft = new Draft();
  const reader = new ChatReader(draft, dialect);
  let at = 0;
  for (const { 0: fence, 1: inside = "", index } of text.matchAll(/```([^]*?)```/g)) {
    reader.lines(text.slice(at, index));
    reader.code(inside);
    at = index + fence.length;
  }
  reader.lines(text.slice(at));
  return draft.finish();
}

class ChatReader {
  readonly #draft: Draft;
  readonly #dialect: ChatDialect;
  readonly #open: OpenMarks = [];
  #quotesAll = false;

  constructor(draft: Draft, dialect: ChatDialect) {
    this.#draft = draft;
    this.#dialect = dialect;
  }

  code(inside: string): void {
    const [, first = "", rest = ""] = /^([^\n]*)\n([^]*)$/.exec(inside) ?? [];
    const language = this.#dialect.hasLanguages ? languageOf(first) : undefined;
    const from = this.#draft.begin();
    this.#draft.put(this.#dialect.readText(language === undefined ? inside : rest));
    this.#draft.wrap(from, language === undefined ? { style: "pre" } : { style: "pre", language });
  }

  lines(text: string): void {
    let quotedFrom: number | undefined;
    for (const [i, line] of text.split("\n").entries()) {
      if (i > 0) this.#draft.put("\n");
      const rest = this.#unquoted(line);
      if (rest === undefined && quotedFrom !== undefined) this.#draft.wrap(quotedFrom, { style: "quote" });
      quotedFrom = rest === undefined ? undefined : (quotedFrom ?? this.#draft.begin());
      this.#line(rest ?? line);
    }
    if (quotedFrom !== undefined) this.#draft.wrap(quotedFrom, { style: "quote" });
  }

  #unquoted(line: string): string | undefined {
    const { quote, quoteAll } = this.#dialect;
    const all = quoteAll?.exec(line);
    if (all) this.#quotesAll = true;
    const found = all ?? quote.exec(line);
    if (found) return line.slice(found[0].length);
    return this.#quotesAll ? line : undefined;
  }

  #line(line: string): void {
    const heading = this.#dialect.heading?.exec(line);
    const from = this.#draft.begin();
    this.#inline(heading ? line.slice(heading[0].length) : line);
    if (heading) this.#draft.wrap(from, { style: "heading", level: heading[1]?.length ?? 1 });
  }

  #inline(line: string): void {
    const { tokens, readText, signs } = this.#dialect;
    let at = 0;
    for (const token of line.matchAll(tokens)) {
      this.#draft.put(readText(line.slice(at, token.index)));
      at = token.index + token[0].length;
      const around = { before: line.charAt(token.index - 1), after: line.charAt(at) };
      const parts = this.#signsIn(token[0]);
      if (parts.every((part) => signs.has(part))) for (const sign of parts) this.#sign(sign, around);
      else this.#dialect.read(this.#draft, token);
    }
    this.#draft.put(readText(line.slice(at)));
  }

  /** Three of a kind are two signs, which close in the other order than they opened. */
  #signsIn(token: string): readonly string[] {
    if (!/^(?:\*\*\*|___)$/.test(token)) return [token];
    const [short, long] = [token.slice(0, 1), token.slice(0, 2)];
    return this.#open.at(-1)?.key === short ? [short, long] : [long, short];
  }

  #sign(sign: string, { before, after }: { readonly before: string; readonly after: string }): void {
    const found = this.#dialect.signs.get(sign);
    if (!found) return;
    const { style, isWholeWords } = found;
    const mayOpen = after.trim() !== "" && !(isWholeWords && isWordSign(before));
    const mayClose = before.trim() !== "" && !(isWholeWords && isWordSign(after));
    this.#draft.mark({ key: sign, sign, style, mayOpen, mayClose }, this.#open);
  }
}

export function isWordSign(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** Text with a style of its own. */
export function putStyled(draft: Draft, text: string, style: Style): void {
  const from = draft.begin();
  draft.put(text);
  draft.wrap(from, style);
}

export function putMention(
  draft: Draft,
  mention: { readonly of: Mentioned; readonly id: string },
  name: string | undefined,
): void {
  putStyled(draft, `${mention.of === "channel" ? "#" : "@"}${name ?? mention.id}`, { style: "mention", ...mention });
}

/** An address in the middle of a sentence, whose full stop is not a part of it. */
export function putAddress(draft: Draft, address: string): void {
  const url = address.replace(/[.,:;!?'")\]]+$/, "");
  putStyled(draft, url, { style: "link", url });
  draft.put(address.slice(url.length));
}

import { type Markup, type Span, type Style } from "./markup.ts";
import { tidy } from "./tidy.ts";

/** A sign that opens or closes a style when it finds its partner, and is text when it does not. */
export interface Mark {
  readonly key: string;
  readonly style: Style;
  readonly sign: string;
  readonly mayOpen: boolean;
  readonly mayClose: boolean;
}

/** The marks that are open in one element, where the partners must be found. */
export type OpenMarks = { readonly key: string; readonly place: number }[];

/** A markup while it is read: places are counted in pieces, because a sign goes away when its partner comes. */
export class Draft {
  readonly #pieces: string[] = [];
  readonly #styled: { readonly from: number; readonly to: number; readonly style: Style }[] = [];
  #newlines = 0;

  /** At least so many line ends before what comes next, if anything does. */
  gap(newlines: number): void {
    if (this.#pieces.length > 0) this.#newlines = Math.max(this.#newlines, newlines);
  }

  put(text: string): void {
    if (text === "") return;
    this.begin();
    this.#pieces.push(text);
  }

  /** The place of what comes next. */
  begin(): number {
    if (this.#newlines > 0) this.#pieces.push("\n".repeat(this.#newlines));
    this.#newlines = 0;
    return this.#pieces.length;
  }

  wrap(from: number, style: Style): void {
    if (from < this.#pieces.length) this.#styled.push({ from, to: this.#pieces.length, style });
  }

  mark({ key, style, sign, mayOpen, mayClose }: Mark, open: OpenMarks): void {
    const place = this.begin();
    this.#pieces.push(sign);
    const partner = mayClose ? open.findLastIndex((mark) => mark.key === key) : -1;
    const from = open[partner]?.place;
    if (from !== undefined && from + 1 < place) {
      this.#pieces[from] = "";
      this.#pieces[place] = "";
      this.#styled.push({ from, to: place, style });
      open.splice(partner);
    } else if (mayOpen && partner < 0) open.push({ key, place });
  }

  finish(): Markup {
    const offsets = [0];
    for (const piece of this.#pieces) offsets.push((offsets.at(-1) ?? 0) + piece.length);
    const spans = this.#styled.map(({ from, to, style }): Span => {
      return { ...style, start: offsets[from] ?? 0, end: offsets[to] ?? 0 };
    });
    return tidy({ text: this.#pieces.join(""), spans });
  }
}

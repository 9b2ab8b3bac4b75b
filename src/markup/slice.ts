import { type Markup, type Span } from "./markup.ts";

/** Takes a tidy markup apart from its start on, and looks at no span that lies behind. */
export class Slicer {
  readonly #whole: Markup;
  /** Began before `#at` and end after it, outer first. */
  #open: Span[] = [];
  #next = 0;
  #at = 0;

  constructor(whole: Markup) {
    this.#whole = whole;
  }

  /** From here on; never back. */
  moveTo(at: number): void {
    this.#at = at;
    const { spans } = this.#whole;
    for (let span = spans[this.#next]; span && span.start < at; span = spans[++this.#next]) this.#open.push(span);
    this.#open = this.#open.filter(({ end }) => end > at);
  }

  /** The spans with something up to `to`, at their places in the whole. */
  spansUpTo(to: number): Span[] {
    const { spans } = this.#whole;
    let end = this.#next;
    while ((spans[end]?.start ?? Infinity) < to) end++;
    return [...this.#open, ...spans.slice(this.#next, end)];
  }

  upTo(to: number): Markup {
    const at = this.#at;
    const spans = this.spansUpTo(to).map((span): Span => {
      return { ...span, start: Math.max(span.start, at) - at, end: Math.min(span.end, to) - at };
    });
    return { text: this.#whole.text.slice(at, to), spans };
  }
}

import { formatPath } from "../path.ts";
import type { Path } from "../tree.ts";
import type { Lines } from "./lines.ts";

const deepest = 100;

export function locateInJson(text: string): Lines {
  return readJson(text).lines;
}

/** The line where the text stops being JSON5. */
export function findJsonFault(text: string): number | undefined {
  return readJson(text).brokenAt;
}

interface Reading {
  readonly lines: Lines;
  readonly brokenAt?: number;
}

/** JSON, JSONC and JSON5 differ in what they allow; where a key stands can be read in the same way. */
function readJson(text: string): Reading {
  const reader = new Reader(text);
  const isWhole = reader.value([]) && reader.isAtEnd();
  return isWhole ? { lines: reader.lines } : { lines: reader.lines, brokenAt: reader.line };
}

class Reader {
  readonly lines: Lines = new Map();
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads one value; false when there is none. */
  value(path: Path): boolean {
    this.#skip();
    if (path.length > deepest) return false;
    if (this.#match(/\{/y) !== "") return this.#members("}", () => this.#property(path));
    if (this.#match(/\[/y) !== "") {
      let position = 0;
      return this.#members("]", () => this.#named([...path, String(position++)]));
    }
    return this.#match(/"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|[\w.+-]+/y) !== "";
  }

  isAtEnd(): boolean {
    this.#skip();
    return this.#at >= this.#text.length;
  }

  #members(end: string, member: () => boolean): boolean {
    for (;;) {
      this.#skip();
      if (this.#take(end)) return true;
      if (!member()) return false;
      this.#skip();
      if (!this.#take(",") && this.#text[this.#at] !== end) return false;
    }
  }

  #property(path: Path): boolean {
    const { line } = this;
    const key = this.#match(/"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|[\w$\u0080-\uFFFF]+/y);
    this.#skip();
    if (key === "" || !this.#take(":")) return false;
    const here = [...path, unquote(key)];
    this.lines.set(formatPath(here), line);
    return this.value(here);
  }

  #named(path: Path): boolean {
    this.lines.set(formatPath(path), this.line);
    return this.value(path);
  }

  #skip(): void {
    this.#match(/(?:[\s\uFEFF]|\/\/[^\n]*|\/\*[^]*?\*\/)*/y);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    this.line += found.split("\n").length - 1;
    return found;
  }
}

function unquote(key: string): string {
  if (!/^["']/.test(key)) return key;
  try {
    return String(Bun.JSON5.parse(key));
  } catch (error) {
    if (error instanceof SyntaxError) return key.slice(1, -1);
    throw error;
  }
}

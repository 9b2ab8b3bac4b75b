import { formatPath } from "../path.ts";
import type { Path } from "../tree.ts";

/** One header or `key = value` of a TOML text, with where it stands. Comments and blank lines lie between statements. */
export interface Statement {
  readonly kind: "pair" | "table" | "arrayTable";
  /** From the root, with the position in the list where the way leads through an array of tables. Empty when malformed. */
  readonly path: Path;
  /** How much of `path` is the header above it. */
  readonly tableLength: number;
  readonly line: number;
  /** From the start of its line to the start of the next. */
  readonly start: number;
  readonly end: number;
  readonly indent: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Inside the value and behind it. */
  readonly comments: readonly Comment[];
}

export interface Comment {
  readonly start: number;
  readonly text: string;
}

/**
 * Where the statements of a TOML text are. It understands enough of the grammar to find keys, the ends of values and
 * comments, never fails, and leaves judging the text to the parser.
 */
export function scanToml(text: string): Statement[] {
  const scanner = new Scanner(text);
  const statements: Statement[] = [];
  for (let next = scanner.next(); next; next = scanner.next()) statements.push(next);
  return statements;
}

class Scanner {
  readonly #text: string;
  readonly #arrayLengths = new Map<string, number>();
  #at: number;
  #line = 1;
  #table: Path = [];

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith("\uFEFF") ? 1 : 0;
  }

  next(): Statement | undefined {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const indent = this.#match(/[ \t]*/y);
      if (this.#isAt(/[^\s#]/y)) return this.#statement(start, indent);
      this.#toNextLine();
    }
    return undefined;
  }

  #statement(start: number, indent: string): Statement {
    const line = this.#line;
    const isHeader = this.#isAt(/\[/y);
    const parts = isHeader ? this.#header() : this.#pair();
    const comments = [...parts.comments, ...this.#toNextLine()];
    this.#line = line + countLines(this.#text.slice(start, this.#at));
    return { ...parts, line, start, end: this.#at, indent, comments };
  }

  #header(): Parts {
    const isArray = this.#match(/\[\[?/y).length === 2;
    const path = this.#resolve(this.#key(), isArray);
    this.#match(/[ \t]*\]\]?/y);
    this.#table = path;
    const at = this.#at;
    return {
      kind: isArray ? "arrayTable" : "table",
      path,
      tableLength: path.length,
      valueStart: at,
      valueEnd: at,
      comments: [],
    };
  }

  #pair(): Parts {
    const key = this.#key();
    const hasValue = this.#match(/[ \t]*=[ \t]*/y) !== "";
    const valueStart = this.#at;
    const comments = this.#value();
    return {
      kind: "pair",
      path: hasValue && key.length > 0 ? [...this.#table, ...key] : [],
      tableLength: this.#table.length,
      valueStart,
      valueEnd: this.#at,
      comments,
    };
  }

  #key(): string[] {
    const key: string[] = [];
    do {
      this.#match(/[ \t]*/y);
      const part = this.#match(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+/y);
      if (part === "") return key;
      key.push(unquote(part));
      this.#match(/[ \t]*/y);
    } while (this.#match(/\./y) !== "");
    return key;
  }

  /** A header in full: `[list.sub]` means the newest element of `list`. */
  #resolve(header: readonly string[], isArray: boolean): Path {
    const path: string[] = [];
    for (const [i, part] of header.entries()) {
      path.push(part);
      const known = this.#arrayLengths.get(formatPath(path));
      const isNewElement = isArray && i === header.length - 1;
      if (isNewElement) this.#arrayLengths.set(formatPath(path), (known ?? 0) + 1);
      if (isNewElement || known !== undefined) path.push(String(isNewElement ? (known ?? 0) : (known ?? 1) - 1));
    }
    return path;
  }

  /** Moves behind the value, which may span lines, and gathers the comments inside it. */
  #value(): Comment[] {
    const comments: Comment[] = [];
    for (let depth = 0; this.#at < this.#text.length;) {
      if (this.#match(/[[{]/y) !== "") depth++;
      else if (this.#match(/[\]}]/y) !== "") depth--;
      else if (this.#isAt(/#/y) && depth > 0) comments.push(this.#comment());
      else if (this.#isAt(/[#\r\n]/y) && depth <= 0) break;
      else if (!this.#string()) this.#at++;
    }
    while (/[ \t]/.test(this.#text[this.#at - 1] ?? "")) this.#at--;
    return comments;
  }

  #string(): boolean {
    const longest = /"""(?:[^"\\]|\\[^]|"(?!""))*"""["]{0,2}|'''(?:[^']|'(?!''))*'''[']{0,2}/y;
    if (this.#match(longest) !== "") return true;
    if (this.#isAt(/"""|'''/y)) {
      this.#at = this.#text.length;
      return true;
    }
    return this.#match(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y) !== "";
  }

  #comment(): Comment {
    const start = this.#at;
    return { start, text: this.#match(/#[^\r\n]*/y) };
  }

  #toNextLine(): Comment[] {
    const comments: Comment[] = [];
    this.#match(/[^#\r\n]*/y);
    if (this.#isAt(/#/y)) comments.push(this.#comment());
    this.#match(/[^\n]*/y);
    if (this.#match(/\n/y) !== "") this.#line++;
    return comments;
  }

  #isAt(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}

type Parts = Omit<Statement, "line" | "start" | "end" | "indent">;

function countLines(text: string): number {
  return text.split("\n").length - 1;
}

function unquote(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  if (!part.startsWith('"')) return part;
  try {
    return Object.keys(Bun.TOML.parse(`${part} = 0`))[0] ?? part;
  } catch (error) {
    if (error instanceof SyntaxError) return part;
    throw error;
  }
}

import { fault } from "#protocol";
import { type Path, isTree, startsWith, type Tree, valueAt, withoutValue, withValue } from "../tree.ts";
import { printKey, printValue } from "./print.ts";
import { scanToml, type Statement } from "./scan.ts";

/**
 * The TOML text changed so that it says `wanted`, touching as few lines as it can: order, blank lines and spelling stay, and
 * no comment is lost (one beside or inside what goes away moves to a line of its own). The result is parsed again and
 * compared, so that a text this cannot edit is refused and never broken.
 */
export function editToml(text: string, wanted: Tree, parse: (text: string) => Tree): string {
  const editor = new Editor(text, parse);
  editor.approach(parse(text), wanted, []);
  if (!Bun.deepEquals(parse(editor.text), withoutEmptied(wanted, editor))) {
    throw fault.configInvalid({ problem: "This change cannot be made without touching more; edit the file by hand." });
  }
  return editor.text;
}

class Editor {
  text: string;
  readonly parse: (text: string) => Tree;
  readonly removed: Path[] = [];
  readonly #newline: string;

  constructor(text: string, parse: (text: string) => Tree) {
    this.text = text;
    this.parse = parse;
    this.#newline = text.includes("\r\n") ? "\r\n" : "\n";
  }

  approach(before: Tree, wanted: Tree, path: Path): void {
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(wanted, key)) this.#remove([...path, key]);
    }
    for (const [key, value] of Object.entries(wanted)) {
      const old = before[key];
      const here = [...path, key];
      if (isTree(old) && isTree(value)) this.approach(old, value, here);
      else if (!Bun.deepEquals(old, value)) this.#replace(here, value);
    }
  }

  #replace(path: Path, value: unknown): void {
    const pair = this.#pairs().find((statement) => isSame(statement.path, path));
    if (pair) return this.#writeValue(pair, value);
    if (valueAt(this.parse(this.text), path) !== undefined) this.#remove(path);
    this.#add(path, value);
  }

  #add(path: Path, value: unknown): void {
    const holder = this.#holderOf(path);
    if (holder) {
      const table = valueAt(this.parse(this.text), holder.path);
      return this.#writeValue(holder, withValue(isTree(table) ? table : {}, path.slice(holder.path.length), value));
    }
    if (isTree(value)) return this.#addTable(path, value);
    const after = this.#placeFor(path.slice(0, -1));
    if (!after) return this.#addHeader(path.slice(0, -1), this.#pairLine(path.slice(-1), value));
    this.#insertAfter(after.statement, this.#pairLine(path.slice(after.tableLength), value));
  }

  #addTable(path: Path, table: Tree): void {
    if (Object.keys(table).length === 0) return this.#addHeader(path, "");
    // Values before tables: what follows a header belongs to it.
    const entries = Object.entries(table).toSorted(([, a], [, b]) => Number(isTree(a)) - Number(isTree(b)));
    for (const [key, value] of entries) this.#add([...path, key], value);
  }

  #remove(path: Path): void {
    this.removed.push(path);
    const holder = this.#holderOf(path);
    if (holder) {
      const table = valueAt(this.parse(this.text), holder.path);
      if (isTree(table)) this.#writeValue(holder, withoutValue(table, path.slice(holder.path.length)));
      return;
    }
    for (const statement of scanToml(this.text).toReversed()) {
      if (statement.path.length > 0 && startsWith(statement.path, path)) {
        this.#splice(statement.start, statement.end, this.#saved(statement.comments, statement.indent));
      }
    }
  }

  /** What to stand behind, so that a key written there belongs to `table`; undefined when a header has to be made. */
  #placeFor(table: Path): { readonly statement: Statement | undefined; readonly tableLength: number } | undefined {
    const statements = scanToml(this.text);
    const header = statements.findLast((s) => s.kind !== "pair" && isSame(s.path, table));
    const inSection = statements.filter((s) => s.kind === "pair" && s.tableLength === table.length);
    if (header) {
      const last = inSection.findLast((s) => startsWith(s.path, table));
      return { statement: last ?? header, tableLength: table.length };
    }
    // A table that dotted keys have made may only be added to in the same way.
    const dotted = statements.findLast((s) => s.kind === "pair" && s.tableLength < table.length && isBelow(s, table));
    if (dotted) return { statement: dotted, tableLength: dotted.tableLength };
    return table.length === 0 ? { statement: inSection.at(-1), tableLength: 0 } : undefined;
  }

  #addHeader(table: Path, line: string): void {
    const sections = scanToml(this.text);
    const nearness = (statement: Statement) => sharedLength(statement.path.slice(0, statement.tableLength), table);
    const most = Math.max(0, ...sections.map(nearness));
    const last = most === 0 ? undefined : sections.findLast((statement) => nearness(statement) === most);
    const block = `[${printKey(table)}]${this.#newline}${line}`;
    const at = last?.end ?? this.text.length;
    const needsBlank = this.text.slice(0, at).trim() !== "";
    const needsBlankBehind = /^[ \t]*[^\s]/.test(this.text.slice(at));
    this.#insertAt(at, `${needsBlank ? this.#newline : ""}${block}${needsBlankBehind ? this.#newline : ""}`);
  }

  #insertAfter(statement: Statement | undefined, line: string): void {
    if (statement) return this.#insertAt(statement.end, `${statement.indent}${line}`);
    const first = scanToml(this.text)[0];
    if (!first) return this.#insertAt(this.text.length, line);
    this.#insertAt(this.#startOfBlock(first.start), `${line}${this.#newline}`);
  }

  /** Where the comment lines begin that stand directly above an offset. */
  #startOfBlock(offset: number): number {
    const above = /(?:^|\n)((?:[ \t]*#[^\n]*\n)*)$/.exec(this.text.slice(0, offset));
    const start = offset - (above?.[1]?.length ?? 0);
    return start === 0 && this.text.startsWith("\uFEFF") ? 1 : start;
  }

  #writeValue(statement: Statement, value: unknown): void {
    const inside = statement.comments.filter((comment) => comment.start < statement.valueEnd);
    this.#splice(statement.valueStart, statement.valueEnd, printValue(value, this.#newline));
    if (inside.length > 0) this.#insertAt(statement.start, this.#saved(inside, statement.indent));
  }

  #saved(comments: Statement["comments"], indent: string): string {
    return comments.map((comment) => `${indent}${comment.text}${this.#newline}`).join("");
  }

  #holderOf(path: Path): Statement | undefined {
    return this.#pairs().find((s) => s.path.length < path.length && startsWith(path, s.path));
  }

  #pairs(): Statement[] {
    return scanToml(this.text).filter((statement) => statement.kind === "pair" && statement.path.length > 0);
  }

  #pairLine(key: Path, value: unknown): string {
    return `${printKey(key)} = ${printValue(value, this.#newline)}${this.#newline}`;
  }

  #insertAt(offset: number, lines: string): void {
    const isMidLine = offset > 0 && !/[\n\uFEFF]/.test(this.text[offset - 1] ?? "");
    this.#splice(offset, offset, `${isMidLine ? this.#newline : ""}${lines}`);
  }

  #splice(start: number, end: number, replacement: string): void {
    this.text = this.text.slice(0, start) + replacement + this.text.slice(end);
  }
}

/** Tables that dotted keys made vanish with their last key; those above what was removed may be gone. */
function withoutEmptied(wanted: Tree, editor: Editor): Tree {
  const parsed = editor.parse(editor.text);
  let expected = wanted;
  for (const path of editor.removed) {
    for (let length = path.length - 1; length > 0; length--) {
      const above = path.slice(0, length);
      const isEmptied = Bun.deepEquals(valueAt(expected, above), {}) && valueAt(parsed, above) === undefined;
      if (isEmptied) expected = withoutValue(expected, above);
    }
  }
  return expected;
}

function isBelow(statement: Statement, table: Path): boolean {
  return statement.path.length > table.length && startsWith(statement.path, table);
}

function isSame(a: Path, b: Path): boolean {
  return a.length === b.length && startsWith(a, b);
}

function sharedLength(a: Path, b: Path): number {
  const differs = a.findIndex((segment, i) => b[i] !== segment);
  return differs === -1 ? a.length : differs;
}

import { type MarkdownElement, type MarkdownTree, textOf } from "./markdown-tree.ts";

/** Wider cells do not make the others of their column wider. */
const widestPadding = 40;

/** A table as lines of text for a font in which all characters are as wide. */
export function drawTable(tree: MarkdownTree, table: MarkdownElement): string {
  const [head = [], ...body] = rowsOf(tree, table);
  const widths = head.map((_, column) =>
    [head, ...body].reduce((most, row) => Math.max(most, Math.min(widthOf(row[column]), widestPadding)), 0),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => (row[column] ?? "") + " ".repeat(Math.max(0, width - widthOf(row[column]))))
      .join(" | ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-+-");
  return [line(head), rule, ...body.map(line)].join("\n");
}

function widthOf(cell = ""): number {
  return Bun.stringWidth(cell);
}

function rowsOf(tree: MarkdownTree, table: MarkdownElement): string[][] {
  const inside = (element: MarkdownElement) => tree.childrenOf(element).filter((node) => typeof node !== "string");
  return inside(table)
    .flatMap(inside)
    .map((row) => inside(row).map((cell) => textOf(tree, cell).replaceAll(/\s+/g, " ").trim()));
}

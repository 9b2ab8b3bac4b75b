/** Rows in columns as wide as their widest cell, as a terminal measures it. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, Bun.stringWidth(cell));
  }
  return rows
    .map((row) => `${indent}${row.map((cell, i) => pad(cell, widths[i] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - Bun.stringWidth(cell)));
}

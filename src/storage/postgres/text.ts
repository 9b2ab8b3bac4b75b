/**
 * PostgreSQL's `text` holds neither NUL nor half of a surrogate pair. They travel behind U+0001, which stands for itself
 * twice over, so every text comes back as it was and ordinary ones look as they are. Texts without halves keep their order.
 */
const mark = "\u0001";
// oxlint-disable-next-line no-control-regex -- these two are what is escaped
const unfit = /[\u0000\u0001]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// oxlint-disable-next-line no-control-regex -- the mark
const escaped = /\u0001(?:([12])|3([0-9a-f]{4}))/g;

export function toText(text: string): string {
  if (text.isWellFormed() && !text.includes("\0") && !text.includes(mark)) return text;
  return text.replaceAll(unfit, (unit) => {
    if (unit === "\0") return `${mark}1`;
    return unit === mark ? `${mark}2` : `${mark}3${unit.charCodeAt(0).toString(16)}`;
  });
}

export function fromText(text: string): string {
  if (!text.includes(mark)) return text;
  return text.replaceAll(escaped, (_all, which: string | undefined, unit: string | undefined) => {
    if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
    return which === "1" ? "\0" : mark;
  });
}

/** A row on its way to the database, or from it, with every text of its columns changed. */
export function mapTexts<Row extends object>(row: Row, change: (text: string) => string): Row {
  const changed = Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? change(value) : value]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names with values of the same types
  return Object.fromEntries(changed) as Row;
}

import { fault } from "#protocol";
import { isTree } from "../tree.ts";

const longestLine = 100;

/** A value as TOML writes it behind `key = `; a table becomes an inline one, a long list takes a line for each element. */
export function printValue(value: unknown, newline: string): string {
  if (!Array.isArray(value)) return printInline(value);
  const inline = printInline(value);
  if (inline.length <= longestLine) return inline;
  return ["[", ...value.map((item) => `  ${printInline(item)},`), "]"].join(newline);
}

export function printKey(path: readonly string[]): string {
  return path.map((part) => (/^[\w-]+$/.test(part) ? part : printText(part))).join(".");
}

function printInline(value: unknown): string {
  if (typeof value === "string") return printText(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return printNumber(value);
  if (Array.isArray(value)) return `[${value.map(printInline).join(", ")}]`;
  if (isTree(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${printKey([key])} = ${printInline(item)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  throw fault.configInvalid({ problem: `TOML cannot hold ${value === null ? "null" : "such a value"}.` });
}

function printNumber(value: number): string {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw fault.configInvalid({ problem: `The number ${value} is too large to be kept exactly.` });
  return String(value === 0 ? 0 : value);
}

/** JSON's escapes are TOML's too; only DEL has to be escaped beside them. */
function printText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007F", String.raw`\u007F`);
}

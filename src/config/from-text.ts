import { parseJson } from "#base";
import { KindGuard } from "@sinclair/typebox";
import { childOf, mayBeTable, mayBeText, type Node } from "./schema-node.ts";

/**
 * What a text from a variable, a flag or a person means at a place in the schema. A text that cannot be what is expected
 * stays a text, for the check to name. Lists come as JSON or separated by commas, tables as JSON.
 */
export function fromText(node: Node, text: string): unknown {
  const found = readers.map((read) => read(node, text)).find((value) => value !== undefined);
  return found ?? text;
}

/** The first that knows what to do with the text decides. */
const readers: readonly ((node: Node, text: string) => unknown)[] = [
  literal,
  truth,
  number,
  jsonList,
  jsonTable,
  (node, text) => (mayBeText(node) ? text : undefined),
  commaList,
];

function literal(node: Node, text: string): unknown {
  return node.flatMap((schema) =>
    KindGuard.IsLiteral(schema) && String(schema.const) === text ? [schema.const] : [],
  )[0];
}

function truth(node: Node, text: string): unknown {
  if (!node.some((schema) => KindGuard.IsBoolean(schema))) return undefined;
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : undefined;
}

function number(node: Node, text: string): unknown {
  if (!node.some((schema) => KindGuard.IsInteger(schema) || KindGuard.IsNumber(schema))) return undefined;
  return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined;
}

function jsonList(node: Node, text: string): unknown {
  if (!isList(node) || !/^\s*\[/.test(text)) return undefined;
  const value = parseJson(text);
  return Array.isArray(value) ? value : undefined;
}

function jsonTable(node: Node, text: string): unknown {
  return mayBeTable(node) && /^\s*\{/.test(text) ? parseJson(text) : undefined;
}

function commaList(node: Node, text: string): unknown {
  const item = isList(node) ? childOf(node, "0") : undefined;
  if (!item || /^\s*\[/.test(text)) return undefined;
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "").map((part) => fromText(item, part));
}

function isList(node: Node): boolean {
  return node.some((schema) => KindGuard.IsArray(schema) || KindGuard.IsTuple(schema));
}

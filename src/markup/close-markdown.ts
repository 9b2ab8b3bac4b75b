/**
 * A text that is still being written, as markdown of its own: what is open at its end is closed, and a sign that says
 * nothing yet is left away.
 */
export function closeMarkdown(text: string): string {
  const lines = text.trimEnd().split("\n");
  const { start, fence } = lastBlock(lines);
  if (fence !== undefined) return withoutHalfFence(lines, fence).join("\n"); // an open fence ends with the text
  const tail = lines.splice(start);
  while (tail.length > 0 && halfLine.test(tail.at(-1) ?? "")) tail.pop();
  const last = tail.findLastIndex((line) => ownLine.test(line));
  const open = tail.splice(Math.max(0, last));
  return [...lines, ...tail, closeInline(open.join("\n").replace(halfSign, ""))].join("\n").trimEnd();
}

/** A line of which nobody can say yet whether it is a rule, a heading's underline, an item, a fence. */
const halfLine = /^[\s>]*(?:[-=*+_#>`~|:\s]+|\d{1,9}[.)]?)?\s*$/;
/** Styles do not go on from the line before into one that begins like this. */
const ownLine = /^\s*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>|\|)(?:\s|$)/;

/** Half of a sign that is always two. */
const halfSign = /(?<![~\\])~$|(?<![|\\])\|$/;

/** Where the block begins in which the text ends, and the fence of code around it. */
function lastBlock(lines: readonly string[]): { readonly start: number; readonly fence: string | undefined } {
  let start = 0;
  let fence: string | undefined;
  for (const [i, line] of lines.entries()) {
    const [, row = "", rest = ""] = /^[\s>]*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence !== undefined) {
      const isEnd = row.startsWith(fence) && rest.trim() === "";
      if (isEnd) [fence, start] = [undefined, i + 1];
    } else if (row !== "" && !(row.startsWith("`") && rest.includes("`"))) fence = row;
    else if (line.trim() === "") start = i + 1;
  }
  return { start, fence };
}

function withoutHalfFence(lines: string[], fence: string): readonly string[] {
  const sign = fence.charAt(0);
  const isHalf = /^[\s>]*(`+|~+)$/.exec(lines.at(-1) ?? "")?.[1]?.startsWith(sign) ?? false;
  return isHalf && lines.length > 1 ? lines.slice(0, -1) : lines;
}

interface Opened {
  readonly sign: string;
  readonly at: number;
}

const tokens = /\\[^\n]?|`+|\*+|_+|~~|\|\||\]\([^()\n]*(?:\)|$)/g;

function closeInline(text: string): string {
  const open: Opened[] = [];
  let end = text.length;
  tokens.lastIndex = 0;
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    const { 0: sign, index } = token;
    const after = index + sign.length;
    if (sign.startsWith("\\")) {
      if (sign.length === 1) end = index;
    } else if (sign.startsWith("`")) {
      const close = endOfCode(text, after, sign.length);
      if (close === undefined) return finishInCode(text, { sign, at: index }, open);
      tokens.lastIndex = close;
    } else if (sign.startsWith("](")) {
      if (!sign.endsWith(")")) return finish(withoutHalfLink(text, index), index - 1, open);
    } else if (!turn(text, { sign, at: index }, open)) end = Math.min(end, index);
  }
  tokens.lastIndex = 0;
  return finish(text, end, open);
}

function finishInCode(text: string, code: Opened, open: readonly Opened[]): string {
  const start = code.at + code.sign.length;
  const inside = text.slice(start).replace(/`+$/, "").trimEnd();
  return inside === "" ? finish(text, code.at, open) : finish(text, start + inside.length, [...open, code]);
}

/** Opens or closes a style; false for a sign at the end that is only half of one. */
function turn(text: string, { sign, at }: Opened, open: Opened[]): boolean {
  const [before, after] = [text.charAt(at - 1), text.charAt(at + sign.length)];
  const isInWord = sign.startsWith("_") && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  if (isInWord) return true;
  let left = sign.length;
  while (before.trim() !== "" && left > 0) {
    const last = open.findLastIndex((one) => one.sign.charAt(0) === sign.charAt(0));
    const opened = open[last];
    if (!opened) break;
    if (opened.sign.length > left) return after !== "";
    open.splice(last);
    left -= opened.sign.length;
  }
  if (left === 0) return true;
  if (after === "") return left < sign.length;
  if (after.trim() !== "" && left <= 3) open.push({ sign: sign.slice(0, left), at });
  return true;
}

function endOfCode(text: string, from: number, length: number): number | undefined {
  for (const { 0: row, index } of text.slice(from).matchAll(/`+/g)) {
    if (row.length === length) return from + index + length;
  }
  return undefined;
}

/** An address that is not whole is not shown: its text is. */
function withoutHalfLink(text: string, close: number): string {
  const start = text.lastIndexOf("[", close);
  return start < 0 ? `${text} ` : text.slice(0, start) + text.slice(start + 1);
}

/** Up to `end`, without signs that have nothing inside, the others closed from the innermost on. */
function finish(text: string, end: number, open: readonly Opened[]): string {
  let written = text.slice(0, end).trimEnd();
  const left = [...open];
  for (let last = left.at(-1); last && last.at + last.sign.length >= written.length; last = left.at(-1)) {
    written = written.slice(0, Math.min(written.length, last.at)).trimEnd();
    left.pop();
  }
  return (
    written +
    left
      .toReversed()
      .map(({ sign }) => sign)
      .join("")
  );
}

import { contextMark, messageMark, transcriptMark } from "../inbound/entry.ts";
import { withheldMark, withheldRootMark } from "../inbound/quote.ts";

/** What some models write when they imitate calls of tools, or the marks around what they were shown. */
const unspeakable: readonly RegExp[] = [
  /<(tool_calls?|tool_use|function_calls?|tool_results?|invoke)\b[^<>]*>(?:(?!<\/\1>)[^])*(?:<\/\1>|$)/gi,
  /<\|[a-z_]{1,40}\|>/gi,
  /^\[attached: [^\]\n]*\]$/gim,
  /^\[It answers [^\]\n]*:\]$/gm,
  /^\[This thread began with a message of [^\]\n]*:\]$/gm,
];
const marks: readonly string[] = [contextMark, messageMark, transcriptMark, withheldMark, withheldRootMark];

/** An answer as people may read it: without marks that were meant for the model, except in code, where they are somebody's subject. */
export function forPeople(text: string): string {
  if (!mayNeedWork.test(text)) return text;
  return text
    .split(/(```[^]*?(?:```|$)|`[^`\n]+`)/)
    .map((part, at) => (at % 2 === 1 ? part : cleaned(part)))
    .join("")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

const mayNeedWork = /<\||<(?:tool|function|invoke)|^\[/im;

function cleaned(part: string): string {
  const without = unspeakable.reduce((text, pattern) => text.replaceAll(pattern, ""), part);
  return marks.reduce((text, mark) => text.replaceAll(mark, ""), without);
}

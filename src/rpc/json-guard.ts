const quote = 34;
const backslash = 92;
const comma = 44;

/**
 * Why this text is too much to be parsed, told before it is: `JSON.parse` takes a nesting of a million, and whatever walks
 * the result then overflows the stack. One pass, which leaps over strings, so that nothing in them counts.
 */
export function findExcess(
  text: string,
  limits: { readonly jsonDepth: number; readonly jsonElements: number },
): string | undefined {
  if (text.length <= limits.jsonDepth) return undefined;
  let depth = 0;
  let elements = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at + 1);
      if (at < 0) return undefined; // never closed: the parser will say so at once
    } else if (isOpening(code)) {
      if (++depth > limits.jsonDepth) return `it is nested more than ${limits.jsonDepth} deep`;
      elements++;
    } else if (isClosing(code)) {
      depth--;
    } else if (code === comma) {
      elements++;
    }
    if (elements > limits.jsonElements) return `it holds more than ${limits.jsonElements} keys and elements`;
  }
  return undefined;
}

function isOpening(code: number): boolean {
  return code === 91 || code === 123;
}

function isClosing(code: number): boolean {
  return code === 93 || code === 125;
}

/** Where the string that began before `from` ends: at the first quote with an even number of backslashes before it. */
function endOfString(text: string, from: number): number {
  for (let start = from; ;) {
    const end = text.indexOf('"', start);
    if (end < 0) return -1;
    let escapes = end;
    while (escapes > start && text.charCodeAt(escapes - 1) === backslash) escapes--;
    if ((end - escapes) % 2 === 0) return end;
    start = end + 1;
  }
}

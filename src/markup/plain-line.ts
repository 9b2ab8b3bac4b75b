import { isSpace } from "./inline-ranges.ts";

/** One line, without white space around it, of characters that can all be shown: tidy as it is. */
export function isTidyLine(text: string): boolean {
  if (text === "" || isSpace(text, 0) || isSpace(text, text.length - 1)) return false;
  return !unshown.test(text);
}

/** One line that is written the same in markdown and on every platform: most of what people say to each other. */
export function isPlainLine(text: string): boolean {
  return isTidyLine(text) && !signs.test(text) && !blockStart.test(text) && !bareAddress.test(text);
}

const unshown = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** All that any of the languages may read as something else, and what is not seen. */
const signs = /[\p{Cf}&<>[\]\\|*_~`@#]/u;

const blockStart = /^(?:[+\-=:]|\d+[.)])/;
const bareAddress = /:\/|www\./i;

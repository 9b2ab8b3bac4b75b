const mayBeOpened = /^(?:https?|mailto|tel|tg):/i;
const longestUrl = 2_048;

/** An address that a person may be sent to by a tap; undefined for what runs something, leads nowhere or hides in white space. */
export function safeUrl(url: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- the control characters are what is looked for
  if (url.length > longestUrl || !mayBeOpened.test(url) || /[\s\u0000-\u001f\u007f]/.test(url)) return undefined;
  return url.isWellFormed() ? url : undefined;
}

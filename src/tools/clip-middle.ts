import { clip } from "#base";

/** At most about this many characters of a text: its beginning and its end, with a note where the middle was. */
export function clipMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - noteCharacters) / 2);
  const [head, tail] = [clip(text, half), clipStart(text, half)];
  return `${head}\n[… ${text.length - head.length - tail.length} characters left out …]\n${tail}`;
}

const noteCharacters = 60;

/** The end of a text, never half of a surrogate pair. */
function clipStart(text: string, most: number): string {
  const tail = text.slice(-most);
  return /^[\uDC00-\uDFFF]/.test(tail) ? tail.slice(1) : tail;
}

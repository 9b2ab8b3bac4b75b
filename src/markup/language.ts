/** The language of a code block, where it looks like the name of one: it goes into what platforms are told. */
export function languageOf(written: string): string | undefined {
  return /^[\w+#.-]{1,32}$/.exec(written.trim())?.[0];
}

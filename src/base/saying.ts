/** What an error says, for a person; `otherwise` where it is no error. */
export function sayingOf(error: unknown, otherwise = "It broke."): string {
  return error instanceof Error ? withoutAdvice(error.message) : otherwise;
}

/** Bun ends what `fetch` throws with advice for whoever wrote the program. */
export function withoutAdvice(text: string): string {
  return text.replaceAll(/ ?For more information, pass `verbose: true` in the second argument to fetch\(\)\.?/g, "");
}

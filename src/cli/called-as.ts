import type { CliContext } from "./context.ts";

/** Our texts call the program `openclaw`; a person is told the words that call it where they are. */
export function asCalled({ calledAs }: Pick<CliContext, "calledAs">, text: string): string {
  return text.replaceAll("`openclaw ", `\`${calledAs} `);
}

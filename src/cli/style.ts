import type { CliContext, Output } from "./context.ts";

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
}

const plain: Style = { bold: (text) => text, dim: (text) => text, red: (text) => text };
const coloured: Style = {
  bold: (text) => `\u001B[1m${text}\u001B[22m`,
  dim: (text) => `\u001B[2m${text}\u001B[22m`,
  red: (text) => `\u001B[31m${text}\u001B[39m`,
};

/** Colour for a terminal that shows it and a person who wants it (no-color.org). */
export function styleFor(output: Output, { environment, noColor }: ColorChoice): Style {
  if (noColor || environment["NO_COLOR"] || environment["TERM"] === "dumb") return plain;
  return output.isTty ? coloured : plain;
}

interface ColorChoice extends Pick<CliContext, "environment"> {
  readonly noColor?: boolean;
}

import { clip } from "#base";
import { Type } from "@sinclair/typebox";
import { textOf } from "./text-file.ts";
import { defineTool, type ToolOutput } from "./tool.ts";

const mostFileBytes = 16 * 1024 * 1024;
const mostCharacters = 65_536;
const mostLines = 2_000;

export const read = defineTool({
  name: "read",
  description:
    "Reads a text file of the workspace. Returns its lines as they are; of a long file the first part, with a note on how to go on.",
  params: Type.Object(
    {
      path: Type.String({ minLength: 1, description: "The file, relative to the workspace." }),
      offset: Type.Optional(Type.Integer({ minimum: 1, description: "The first line to read, counted from 1." })),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: mostLines, description: "How many lines to read at most." }),
      ),
    },
    { additionalProperties: false },
  ),
  effect: "none",
  timeoutMs: 30_000,
  async run({ path, offset = 1, limit = mostLines }, { workspace, limits }) {
    const file = textOf(await workspace.read(path, mostFileBytes));
    if (!file.isText) return { text: `${path} cannot be read: ${file.because}.`, failed: true };
    if (file.text === "") return { text: "(the file is empty)" };
    // Room is left for the note below the lines.
    return page(file.text, {
      first: offset,
      most: limit,
      characters: Math.min(mostCharacters, limits.outputCharacters - 200),
    });
  },
});

interface Page {
  /** Counted from 1. */
  readonly first: number;
  readonly most: number;
  readonly characters: number;
}

function page(text: string, { first, most, characters }: Page): ToolOutput {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop(); // a file's last line ends with a line break
  if (first > lines.length) return { text: `There is no line ${first}: the file has ${lines.length}.`, failed: true };
  const wanted = lines.slice(first - 1, first - 1 + most);
  const taken = wanted.slice(0, fitting(wanted, characters));
  const line = wanted[0] ?? "";
  if (taken.length === 0) {
    return {
      text: `${clip(line, characters)}\n[line ${first} of ${lines.length} is ${line.length} characters long and cut here${goOn(first, lines.length)}]`,
    };
  }
  const last = first - 1 + taken.length;
  const shown = taken.join("\n");
  if (first === 1 && last === lines.length) return { text: shown };
  return { text: `${shown}\n[lines ${first} to ${last} of ${lines.length}${goOn(last, lines.length)}]` };
}

function goOn(last: number, all: number): string {
  return last < all ? `; go on with offset ${last + 1}` : "";
}

/** How many lines fit, with their line breaks. */
function fitting(lines: readonly string[], characters: number): number {
  let sum = 0;
  const over = lines.findIndex((line) => (sum += line.length + 1) > characters + 1);
  return over === -1 ? lines.length : over;
}

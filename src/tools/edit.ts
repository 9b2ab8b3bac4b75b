import { Type } from "@sinclair/typebox";
import { textOf } from "./text-file.ts";
import { defineTool } from "./tool.ts";

const mostBytes = 5 * 1024 * 1024;

export const edit = defineTool({
  name: "edit",
  description:
    "Replaces a piece of a text file of the workspace. oldText must be found exactly, white space included, and only once unless replaceAll is set: give enough of what surrounds it.",
  params: Type.Object(
    {
      path: Type.String({ minLength: 1, description: "The file, relative to the workspace." }),
      oldText: Type.String({ minLength: 1, maxLength: mostBytes, description: "What is there now." }),
      newText: Type.String({ maxLength: mostBytes, description: "What is to be there instead; may be empty." }),
      replaceAll: Type.Optional(Type.Boolean({ description: "Replaces every occurrence." })),
    },
    { additionalProperties: false },
  ),
  effect: "once",
  timeoutMs: 30_000,
  async run({ path, oldText, newText, replaceAll = false }, { workspace }) {
    const file = textOf(await workspace.read(path, mostBytes));
    if (!file.isText) return { text: `${path} cannot be edited: ${file.because}.`, failed: true };
    const replaced = replace(file.text, { oldText, newText, replaceAll });
    if (!replaced.done) return { text: `${path} was not changed: ${replaced.because}`, failed: true };
    const bytes = new TextEncoder().encode(replaced.text);
    if (bytes.length > mostBytes)
      return { text: `${path} was not changed: it would be larger than ${mostBytes} bytes.`, failed: true };
    await workspace.write(path, bytes);
    return { text: `Replaced ${replaced.count === 1 ? "1 occurrence" : `${replaced.count} occurrences`} in ${path}.` };
  },
});

interface Replacement {
  readonly oldText: string;
  readonly newText: string;
  readonly replaceAll: boolean;
}

type Replaced =
  | { readonly done: true; readonly text: string; readonly count: number }
  | { readonly done: false; readonly because: string };

function replace(text: string, replacement: Replacement): Replaced {
  const { oldText, newText, replaceAll } = inStyleOf(text, replacement);
  if (oldText === newText) return { done: false, because: "oldText and newText are the same." };
  const parts = text.split(oldText);
  const count = parts.length - 1;
  if (count === 0)
    return {
      done: false,
      because: "oldText was not found. Read the file again: it must match exactly, white space included.",
    };
  if (count > 1 && !replaceAll) {
    return {
      done: false,
      because: `oldText was found ${count} times. Give more of what surrounds it, or set replaceAll.`,
    };
  }
  return { done: true, text: parts.join(newText), count };
}

/** In a file whose every line ends as on Windows, a model's plain line breaks mean those: it hardly sees the difference. */
function inStyleOf(text: string, replacement: Replacement): Replacement {
  const isWindows = text.includes("\r\n") && !text.replaceAll("\r\n", "").includes("\n");
  if (!isWindows) return replacement;
  return {
    ...replacement,
    oldText: withWindowsEnds(replacement.oldText),
    newText: withWindowsEnds(replacement.newText),
  };
}

function withWindowsEnds(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
}

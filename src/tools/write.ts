import { Type } from "@sinclair/typebox";
import { defineTool } from "./tool.ts";

const mostBytes = 5 * 1024 * 1024;

export const write = defineTool({
  name: "write",
  description:
    "Writes a whole text file into the workspace, replacing what was there; missing folders are made. To change a part of a file, use edit.",
  params: Type.Object(
    {
      path: Type.String({ minLength: 1, description: "The file, relative to the workspace." }),
      content: Type.String({ maxLength: mostBytes, description: "All that the file is to hold." }),
    },
    { additionalProperties: false },
  ),
  effect: "idempotent",
  timeoutMs: 30_000,
  async run({ path, content }, { workspace }) {
    const bytes = new TextEncoder().encode(content);
    if (bytes.length > mostBytes)
      return { text: `Not written: ${bytes.length} bytes; at most ${mostBytes} fit.`, failed: true };
    const { created } = await workspace.write(path, bytes);
    return { text: `${created ? "Created" : "Overwrote"} ${path} (${bytes.length} bytes).` };
  },
});

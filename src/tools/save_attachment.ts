import { type Jail, JailError } from "#sandbox";
import { Type } from "@sinclair/typebox";
import { inboxName, numbered } from "./inbox-name.ts";
import { defineTool } from "./tool.ts";

const mostOfOneName = 100;

export const saveAttachment = defineTool({
  name: "save_attachment",
  description:
    "Copies a file that came with a message of this conversation into the workspace, where read and the other tools can open it. " +
    "Such a message names it: [attached: …, blob <id>].",
  params: Type.Object(
    {
      blob: Type.String({ pattern: "^[0-9a-f]{64}$", description: "The id behind blob, all 64 characters of it." }),
      path: Type.Optional(
        Type.String({ minLength: 1, description: "Where to put it, relative to the workspace; inbox/ when absent." }),
      ),
    },
    { additionalProperties: false },
  ),
  needs: "files",
  effect: "idempotent",
  timeoutMs: 60_000,
  async run({ blob, path }, { workspace, openFile, signal }) {
    if (!openFile) return { text: "There is no conversation here that a file could be of.", failed: true };
    const file = await openFile(blob);
    if (!file.found) return { text: file.because, failed: true };
    const { mimeType, bytes } = file;
    const about = `(${mimeType}, ${bytes.length} bytes)`;
    for (const place of path === undefined ? places(inboxName(file.name, mimeType)) : [path]) {
      signal.throwIfAborted();
      const { created } = await workspace.create(place, bytes);
      if (created) return { text: `Saved as ${place} ${about}.` };
      // What an earlier call left, that nobody heard the end of, is found again instead of copied anew.
      if (await holds(workspace, place, bytes)) return { text: `It is there already, as ${place} ${about}.` };
    }
    const taken = path ?? "every name for it in inbox/";
    return { text: `Not saved: ${taken} is taken, and nothing is overwritten. Choose another path.`, failed: true };
  },
});

function places(name: string): readonly string[] {
  return Array.from({ length: mostOfOneName }, (_, at) => `inbox/${numbered(name, at + 1)}`);
}

/** Is it a file with these bytes? */
async function holds(workspace: Jail, path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await workspace.read(path, bytes.length), bytes) === 0;
  } catch (error) {
    if (error instanceof JailError) return false;
    throw error;
  }
}

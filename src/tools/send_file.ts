import { Type } from "@sinclair/typebox";
import { defineTool } from "./tool.ts";

const mostBytes = 20 * 1024 * 1024;

export const sendFile = defineTool({
  name: "send_file",
  description:
    "Sends a file of the workspace to the person you are talking with, in the chat that they wrote from: a picture, a document, " +
    "a recording. It arrives before your answer. Use it when they want the file itself, not its text.",
  params: Type.Object(
    {
      path: Type.String({ minLength: 1, description: "The file, relative to the workspace." }),
      caption: Type.Optional(Type.String({ maxLength: 1_000, description: "A text that is shown with the file." })),
      asVoice: Type.Optional(
        Type.Boolean({ description: "True: a recording is shown as a voice message, where the chat has such." }),
      ),
    },
    { additionalProperties: false },
  ),
  needs: "files",
  effect: "once",
  timeoutMs: 60_000,
  async run({ path, caption, asVoice }, { workspace, sendFile: send }) {
    if (!send) return { text: "There is no chat here that a file could be sent to.", failed: true };
    const bytes = await workspace.read(path, mostBytes);
    const name = path.split(/[/\\]/).at(-1) ?? path;
    const more = { ...(caption !== undefined && { caption }), ...(asVoice !== undefined && { asVoice }) };
    const answer = await send({ name, bytes, ...more });
    if (!answer.taken) return { text: answer.because, failed: true };
    return { text: `${name} (${answer.mimeType}, ${bytes.length} bytes) is on its way to the chat.` };
  },
});

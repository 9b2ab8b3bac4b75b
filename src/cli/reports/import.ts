import { isSystemError, newId, systemReason } from "#base";
import { Type } from "@sinclair/typebox";
import { type FileHandle, open } from "node:fs/promises";
import type { Client } from "../client/client.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";

/** Small enough for one frame, whatever escapes its characters need. */
const pieceBytes = 128 * 1024;

const Imported = Type.Object({
  sessionKey: Type.String(),
  events: Type.Integer(),
  kept: Type.Record(Type.String(), Type.Integer()),
  leftOut: Type.Integer(),
  lostBlocks: Type.Integer(),
  endedTurns: Type.Integer(),
});
const Answer = Type.Object({ received: Type.Integer(), imported: Type.Union([Imported, Type.Null()]) });

export async function importSession(
  { context, client }: { readonly context: CliContext; readonly client: Client },
  { file, key, isJson }: { readonly file: string; readonly key: string | undefined; readonly isJson: boolean },
): Promise<number> {
  const uploadId = newId();
  let offset = 0;
  const send = async (text: string, isLast: boolean) => {
    const params = { uploadId, offset, text, isLast, ...(key === undefined ? {} : { sessionKey: key }) };
    const answer = await client.call("sessions.import", params, { signal: context.signal });
    offset += text.length;
    return expectShape(Answer, answer, "answer to sessions.import").imported;
  };
  for await (const text of piecesOf(file)) await send(text, false);
  const imported = await send("", true);
  if (!imported) throw new Error("the gateway took the last piece and made nothing of it");
  if (isJson) {
    await context.stdout.write(`${safeJson({ ok: true, file, ...imported })}\n`);
    return 0;
  }
  const { sessionKey, events, kept, leftOut, lostBlocks, endedTurns } = imported;
  const notes = [
    ...Object.entries(kept).map(
      ([type, count]) => `${count} entries of the type ${type} mean nothing here and were kept`,
    ),
    ...(leftOut > 0 ? [`${leftOut} entries are not of the conversation's branch and were left out`] : []),
    ...(lostBlocks > 0 ? [`${lostBlocks} pieces of messages are no text and were left out`] : []),
    ...(endedTurns > 0 ? [`${endedTurns} turns were not finished and have ended`] : []),
  ];
  const lines = [`Imported ${events} events as ${sessionKey}.`, ...notes.map((note) => `Note: ${note}.`)];
  await context.stdout.write(`${lines.map(safeLine).join("\n")}\n`);
  return 0;
}

async function* piecesOf(path: string): AsyncGenerator<string> {
  const file = await openFile(path);
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(pieceBytes);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, null).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      const text = decoder.decode(buffer.subarray(0, bytesRead), { stream: bytesRead > 0 });
      if (text !== "") yield text;
      if (bytesRead === 0) return;
    }
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): CommandFailed {
  const because = isSystemError(error) ? `: ${systemReason(error)}` : "";
  return new CommandFailed({ type: "fileUnreadable", message: `${path} cannot be read${because}.`, cause: error });
}

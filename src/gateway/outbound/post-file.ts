import { clip, newId } from "#base";
import { channels } from "#channels";
import type { ChatFile, FileReceipt } from "../gateway.ts";
import type { House } from "../house.ts";
import type { Run } from "../run.ts";
import { sniff } from "../sniff.ts";
import { forPeople } from "./for-people.ts";

const mostNameCharacters = 120;

/**
 * Puts a file on its way to the chat of a turn: its bytes first, then the row that names them and the log's word of it in one
 * transaction. It goes before the answer, because what goes to one chat goes in order.
 */
export async function postFile(
  { lines, sessions, storage }: Pick<House, "lines" | "sessions" | "storage">,
  { runId, sessionKey, from: to }: Pick<Run, "runId" | "sessionKey" | "from">,
  { name, bytes, caption = "", asVoice }: ChatFile,
): Promise<FileReceipt> {
  const channel = lines.find(to)?.channel ?? channels.find(({ id }) => id === to.channel);
  if (!channel?.files) {
    const where = channel?.label ?? to.channel;
    return no(`This conversation is on ${where}, which takes no files: say where the file lies instead.`);
  }
  const { mostBytes } = channel.files;
  if (bytes.length === 0) return no("The file is empty.");
  if (bytes.length > mostBytes) return no(`${channel.label} takes files of at most ${mostBytes} bytes.`);
  const text = forPeople(caption);
  if (text.length > channel.text.most) return no("The caption is too long for one message.");
  const mimeType = sniff(bytes);
  if (asVoice && !mimeType.startsWith("audio/")) return no(`It is no recording (${mimeType}), so it cannot be heard.`);
  const blob = await storage.putBlob({ mimeType, bytes });
  const file = { blob, name: plain(name), mimeType, ...(asVoice && { asVoice }) };
  const posted = {
    kind: "StateChanged",
    key: "file.posted",
    value: { runId, to, bytes: bytes.length, ...file },
  } as const;
  await sessions.append(sessionKey, [posted], { outbox: [{ id: newId(), to, text, files: [file] }], mustExist: true });
  return { taken: true, mimeType };
}

function plain(name: string): string {
  return clip(name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029/\\]/gu, " ").trim(), mostNameCharacters) || "file";
}

function no(because: string): FileReceipt {
  return { taken: false, because };
}

import { clip, newId } from "#base";
import { type Channel, channels, type OutboundFile } from "#channels";
import { fault } from "#protocol";
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
  const text = forPeople(caption);
  const mimeType = sniff(bytes);
  const problem = problemWith({ bytes, text, mimeType, isVoice: asVoice === true }, channel, channel.files.mostBytes);
  if (problem !== undefined) return no(problem);
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

/** Files as a channel is given them. Rejects with `invalidParams` for what it does not take. */
export function outboundFiles(files: readonly ChatFile[], channel: Channel): readonly OutboundFile[] {
  const mostBytes = channel.files?.mostBytes;
  return files.map(({ name, bytes, mimeType = sniff(bytes), asVoice }, at) => {
    const problem =
      mostBytes === undefined
        ? `${channel.label} takes no files`
        : problemWith({ bytes, text: "", mimeType, isVoice: asVoice === true }, channel, mostBytes);
    if (problem !== undefined) throw fault.invalidParams({ path: `files/${at}`, problem });
    return { name: plain(name), mimeType, bytes, ...(asVoice && { asVoice }) };
  });
}

interface Checked {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly mimeType: string;
  readonly isVoice: boolean;
}

function problemWith(
  { bytes, text, mimeType, isVoice }: Checked,
  { label, text: limit }: Pick<Channel, "label" | "text">,
  mostBytes: number,
): string | undefined {
  if (bytes.length === 0) return "The file is empty.";
  if (bytes.length > mostBytes) return `${label} takes files of at most ${mostBytes} bytes.`;
  if (text.length > limit.most) return "The caption is too long for one message.";
  if (isVoice && !mimeType.startsWith("audio/")) return `It is no recording (${mimeType}), so it cannot be heard.`;
  return undefined;
}

function plain(name: string): string {
  return clip(name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029/\\]/gu, " ").trim(), mostNameCharacters) || "file";
}

function no(because: string): FileReceipt {
  return { taken: false, because };
}

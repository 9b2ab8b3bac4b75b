import { clip, describeError, type Log } from "#base";
import type { Attachment } from "#channels";
import type { MessageFile } from "#protocol";
import type { Storage } from "#storage";
import type { Files } from "./entry.ts";
import { sniff } from "../sniff.ts";

const mostFiles = 10;
const mostBytes = 20 * 1024 * 1024;
const mostBytesInAll = 50 * 1024 * 1024;
const timeoutMs = 60_000;
const mostNameCharacters = 120;

/**
 * Reads what somebody sent into the blobs, one after the other, and says for the model what came of each. Only for senders
 * who may cause work. A file that cannot be had is part of the message; it throws only when the gateway closes.
 */
export async function keepAttachments(
  attachments: readonly Attachment[],
  options: {
    readonly storage: Storage;
    readonly log: Log;
    readonly closing: AbortSignal;
    /** How large a recording may be to be written down; undefined when none is. */
    readonly mostHeard: number | undefined;
  },
): Promise<Files> {
  const { storage, log, closing, mostHeard } = options;
  const files: string[] = [];
  const attached: MessageFile[] = [];
  const unheard: { readonly line: number; readonly blob: string }[] = [];
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  let left = mostBytesInAll;
  for (const attachment of attachments.slice(0, mostFiles)) {
    const most = Math.min(mostBytes, left);
    if ((attachment.bytes ?? 0) > most) {
      files.push(line(attachment, "too large, left out"));
      continue;
    }
    try {
      const bytes = await attachment.fetch(most, signal);
      if (bytes.length > most) throw new RangeError("it is larger than it was said to be");
      const mimeType = sniff(bytes);
      const hash = await storage.putBlob({ mimeType, bytes });
      left -= bytes.length;
      if (mostHeard !== undefined && isRecording(attachment, mimeType) && bytes.length <= mostHeard) {
        unheard.push({ line: files.length, blob: hash });
      }
      const name = nameOf(attachment);
      attached.push({ blob: hash, mimeType, bytes: bytes.length, ...(name !== "" && { name }) });
      files.push(line(attachment, `${mimeType}, ${bytes.length} bytes, blob ${hash}`));
    } catch (error) {
      closing.throwIfAborted();
      log.warn("an attachment could not be read", { kind: attachment.kind, problem: describeError(error) });
      files.push(line(attachment, "could not be read"));
    }
  }
  const more = attachments.length - mostFiles;
  if (more > 0) files.push(`[attached: ${more} more files, left out]`);
  return { files, attached, unheard };
}

/** What is said of files before they were read. */
export function unreadAttachments(attachments: readonly Attachment[]): readonly string[] {
  return attachments.slice(0, mostFiles).map((attachment) => line(attachment, "not read: the gateway stopped before"));
}

/** The boxes that recordings come in also hold films. */
function isRecording({ kind }: Attachment, mimeType: string): boolean {
  return (kind === "voice" || kind === "audio") && /^(audio\/|video\/(mp4|webm)$)/.test(mimeType);
}

function line(attachment: Attachment, what: string): string {
  const called = nameOf(attachment);
  return `[attached: ${attachment.kind}${called === "" ? "" : ` ${called}`}; ${what}]`;
}

function nameOf({ name = "" }: Attachment): string {
  return clip(name.replaceAll(/[[\]\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").trim(), mostNameCharacters);
}

import { clip, describeError, type Log } from "#base";
import type { Attachment } from "#channels";
import type { Storage } from "#storage";
import { sniff } from "./sniff.ts";

const mostFiles = 10;
const mostBytes = 20 * 1024 * 1024;
const mostBytesInAll = 50 * 1024 * 1024;
const timeoutMs = 60_000;
const mostNameCharacters = 120;

/**
 * Reads what somebody sent into the blobs, one after the other, and says for the model what came of each. Only for senders
 * who may cause work. Never throws: a file that cannot be had is part of the message.
 */
export async function keepAttachments(
  attachments: readonly Attachment[],
  { storage, log, closing }: { readonly storage: Storage; readonly log: Log; readonly closing: AbortSignal },
): Promise<readonly string[]> {
  const lines: string[] = [];
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  let left = mostBytesInAll;
  for (const attachment of attachments.slice(0, mostFiles)) {
    const most = Math.min(mostBytes, left);
    if ((attachment.bytes ?? 0) > most) {
      lines.push(line(attachment, "too large, left out"));
      continue;
    }
    try {
      const bytes = await attachment.fetch(most, signal);
      if (bytes.length > most) throw new RangeError("it is larger than it was said to be");
      const mimeType = sniff(bytes);
      const hash = await storage.putBlob({ mimeType, bytes });
      left -= bytes.length;
      lines.push(line(attachment, `${mimeType}, ${bytes.length} bytes, blob ${hash}`));
    } catch (error) {
      log.warn("an attachment could not be read", { kind: attachment.kind, problem: describeError(error) });
      lines.push(line(attachment, "could not be read"));
    }
  }
  const more = attachments.length - mostFiles;
  return more > 0 ? [...lines, `[attached: ${more} more files, left out]`] : lines;
}

/** What is said of files before they were read. */
export function unreadAttachments(attachments: readonly Attachment[]): readonly string[] {
  return attachments.slice(0, mostFiles).map((attachment) => line(attachment, "not read: the gateway stopped before"));
}

function line({ kind, name = "" }: Attachment, what: string): string {
  const called = clip(name.replaceAll(/[[\]\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").trim(), mostNameCharacters);
  return `[attached: ${kind}${called === "" ? "" : ` ${called}`}; ${what}]`;
}

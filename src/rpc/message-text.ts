import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";

const mostBytes = 256 * 1024;

export const MessageText = Type.String({ maxLength: mostBytes, description: "At most 256 KiB of UTF-8." });

/** The text as it will be kept: whatever is half of a surrogate pair becomes U+FFFD, as it would on disk. */
export function readMessageText(text: string, path: string): string {
  if (text.trim() === "") throw fault.invalidParams({ path, problem: "it is empty" });
  if (Buffer.byteLength(text) > mostBytes) {
    throw fault.invalidParams({ path, problem: `it is longer than ${mostBytes} bytes` });
  }
  return text.toWellFormed();
}

import type { Posted } from "#channels";
import { commandMark } from "../inbound/said.ts";
import type { Line } from "../line.ts";

const timeoutMs = 10_000;

/** Shows that a message was taken. Nobody waits for it, and its failures are not worth a word. */
export function acknowledge(
  { connection }: Line,
  message: Posted,
  { emoji, closing }: { readonly emoji: string; readonly closing: AbortSignal },
): void {
  if (closing.aborted || message.messageId.startsWith(commandMark)) return;
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  void connection.react?.(message, { emoji, isAdded: true }, signal).catch(() => undefined);
}

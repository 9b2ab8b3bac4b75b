import type { Address } from "#protocol";
import type { Line } from "../line.ts";

const timeoutMs = 10_000;

/** Shows that a message was taken. Nobody waits for it, and its failures are not worth a word. */
export function acknowledge(
  { connection }: Line,
  to: Address,
  messageId: string,
  emoji: string | undefined,
  closing: AbortSignal,
): void {
  if (emoji === undefined || closing.aborted) return;
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  void connection.react?.({ to, messageId }, { emoji, isAdded: true }, signal).catch(() => undefined);
}

import { closeMarkdown } from "#markup";
import type { Connection, Growth, SendRefusal } from "./channel.ts";

/** For platforms that have messages and edits, and no more. What is open in the text is closed, so that it looks as it will. */
export async function growByEditing(
  by: Required<Pick<Connection, "send" | "edit">>,
  { message, messageId }: Growth,
  signal: AbortSignal,
): Promise<{ readonly messageId: string } | SendRefusal> {
  const text = closeMarkdown(message.text);
  if (messageId === undefined) return by.send({ ...message, text }, signal);
  return (await by.edit({ to: message.to, messageId }, text, signal)) ?? { messageId };
}

import type { Quoted } from "../update.ts";
import { isOurs, isWords } from "./happening.ts";
import { readText } from "./read-text.ts";
import { as, Content } from "./wire.ts";
import { type Reading, writerOf } from "./writer.ts";

/** The message that a thread began with. Undefined where it is gone, or was nobody's words; rejects when Slack says no. */
export async function readThreadRoot(
  { chat, thread }: { readonly chat: string; readonly thread: string },
  by: Reading,
  signal: AbortSignal,
): Promise<Quoted | undefined> {
  const asked = { channel: chat, ts: thread, limit: 1, inclusive: true };
  const { messages } = await by.api.boundedClient(signal).conversations.replies(asked);
  const content = as(
    Content,
    messages?.find(({ ts }) => ts === thread),
  );
  if (!content || !isWords(content)) return undefined;
  const [sender, text] = await Promise.all([writerOf(content, by), readText(content, by)]);
  return { messageId: thread, sender, text, isOurs: isOurs(content, by.me) };
}

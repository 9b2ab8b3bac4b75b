import type { Address } from "#protocol";
import type { House } from "../house.ts";
import { defaultAccount } from "../line.ts";

/** Ids are unique within a chat only. */
const mostAlike = 20;

/** The text of a message of ours in that chat, if the log knows it as one. */
export async function ourMessage(
  { storage, sessions }: Pick<House, "storage" | "sessions">,
  from: Address,
  messageId: string,
): Promise<string | undefined> {
  for (const { key, sessionId, seq } of await storage.sentMessages(messageId, mostAlike)) {
    const [stored] = await sessions.read({ key, sessionId }, { after: seq - 1, limit: 1, take: "first" });
    if (stored?.event.kind === "MessageSent" && isSameChat(stored.event.to, from)) return stored.event.text;
  }
  return undefined;
}

function isSameChat(a: Address, b: Address): boolean {
  const [{ account: one = defaultAccount }, { account: other = defaultAccount }] = [a, b];
  return a.channel === b.channel && a.chat === b.chat && one === other;
}

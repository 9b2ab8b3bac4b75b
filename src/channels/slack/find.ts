import type { OutboundMessage } from "../channel.ts";
import type { Client } from "./api.ts";
import type { Identity } from "./doorway.ts";
import { isUnseen } from "./refusal.ts";
import { keyType } from "./post.ts";

/** Somebody looks minutes after a lost answer, so what lies behind so many newer messages is not looked for. */
const pages = 5;
const perPage = 200;

/** The message that carries the key. Others can write the same metadata, so it counts only in messages of ours. */
export async function find(
  { to, clientKey }: Pick<OutboundMessage, "to" | "clientKey">,
  client: Client,
  me: Identity,
): Promise<{ readonly messageId: string } | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const asked = { channel: to.chat, limit: perPage, include_all_metadata: true, ...(cursor ? { cursor } : {}) };
    const answer = await (
      to.thread === undefined
        ? client.conversations.history(asked)
        : client.conversations.replies({ ...asked, ts: to.thread })
    ).catch((error: unknown) => {
      if (!isUnseen(error)) throw error;
    });
    // Where we are no member nothing can be found, however often it is looked for.
    if (!answer) return undefined;
    const { messages, response_metadata: more } = answer;
    const found = messages?.find(
      ({ metadata, user, bot_id: botId }) =>
        (user === me.userId || (botId !== undefined && botId === me.botId)) &&
        metadata?.event_type === keyType &&
        keyIn(metadata.event_payload) === clientKey,
    );
    if (found?.ts !== undefined) return { messageId: found.ts };
    cursor = more?.next_cursor;
    if (!cursor) return undefined;
  }
  return undefined;
}

function keyIn(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "key" in payload ? payload.key : undefined;
}

import type { Posted } from "../channel.ts";
import type { Client } from "./api.ts";
import { platformCode } from "./refusal.ts";
import { toMrkdwn } from "./write-text.ts";

/** Writes a message of ours anew, all of it: what it had in blocks would else be shown in place of the text. */
export async function update({ to, messageId }: Posted, markdown: string, client: Client): Promise<void> {
  const place = { channel: to.chat, ts: messageId };
  const write = () => client.chat.update({ ...place, text: toMrkdwn(markdown), blocks: [] });
  try {
    await write();
  } catch (error) {
    // A stream of an earlier life, or one of which the last word was lost.
    if (platformCode(error) !== "streaming_state_conflict") throw error;
    await client.chat.stopStream(place);
    await write();
  }
}

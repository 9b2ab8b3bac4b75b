import { Type } from "@sinclair/typebox";
import type { types, webApi } from "@slack/bolt";
import type { OutboundMessage, SendRefusal } from "../channel.ts";
import type { Client } from "./api.ts";
import { isUnseen, refusalOf } from "./refusal.ts";
import { as } from "./wire.ts";
import { toMrkdwn, toSections } from "./write-text.ts";

type Post = webApi.ChatPostMessageArguments;

const Sent = Type.Object({ ts: Type.String({ minLength: 1 }) });

/** The name under which our key lies in a message's metadata. */
export const keyType = "openclaw_message";

const limits = { rows: 40, columns: 25, label: 75, data: 2_000 };

/** Answers where the bot is no member; undefined where there is no way to. */
type Respond = () => Promise<{ readonly messageId: string } | SendRefusal | undefined>;

/**
 * Files first, the text last: it carries the key, so who finds it knows that the files are there too. Where the answer to
 * the text is lost and it is not there, the files are sent twice; none is ever missing.
 */
export async function post(
  message: OutboundMessage,
  client: Client,
  respond: Respond,
): Promise<{ readonly messageId: string } | SendRefusal> {
  const problem = problemOf(message);
  if (problem !== undefined) return { refused: "forGood", problem };
  try {
    if (message.files && message.files.length > 0) await client.filesUploadV2(uploadOf(message, message.files));
    const sent = as(Sent, await client.apiCall("chat.postMessage", { ...postOf(message) }));
    if (!sent) throw new Error("Slack gave the message no id.");
    return { messageId: sent.ts };
  } catch (error) {
    const responded = isUnseen(error) ? await respond() : undefined;
    if (responded) return responded;
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

/** What Slack would refuse, in words. */
function problemOf({ buttons = [] }: OutboundMessage): string | undefined {
  if (buttons.length > limits.rows) return `Slack takes ${limits.rows} rows of buttons`;
  if (buttons.some((row) => row.length > limits.columns)) return `Slack takes ${limits.columns} buttons in a row`;
  if (buttons.flat().some(({ data }) => data.length > limits.data)) {
    return `Slack takes ${limits.data} characters with a button`;
  }
  return undefined;
}

function postOf(message: OutboundMessage): Post {
  const { to, clientKey } = message;
  const metadata = { event_type: keyType, event_payload: { key: clientKey } };
  return { channel: to.chat, metadata, ...wordsOf(message) };
}

type Words = Pick<webApi.ChatPostMessageArguments, "mrkdwn" | "thread_ts" | "unfurl_links" | "unfurl_media"> & {
  readonly text: string;
  readonly blocks?: types.KnownBlock[];
};

/** What people see of it, and in which thread. */
export function wordsOf(message: OutboundMessage): Words {
  const { to, buttons } = message;
  const text = message.text.trim() === "" ? (message.files ?? []).map(({ name }) => name).join(", ") : message.text;
  const blocks = buttons && buttons.length > 0 ? [...toSections(text), ...actionsOf(buttons)] : undefined;
  return {
    text: toMrkdwn(text),
    mrkdwn: true,
    // A preview makes Slack fetch an address that a model wrote, and with it whatever stands in it.
    unfurl_links: false,
    unfurl_media: false,
    ...(to.thread === undefined ? {} : { thread_ts: to.thread }),
    ...(blocks === undefined ? {} : { blocks }),
  };
}

function actionsOf(rows: NonNullable<OutboundMessage["buttons"]>): types.ActionsBlock[] {
  return rows
    .filter((row) => row.length > 0)
    .map((row, y) => ({
      type: "actions",
      elements: row.map(({ label, data }, x) => ({
        type: "button",
        action_id: `button:${y}:${x}`,
        text: { type: "plain_text", text: Array.from(label).slice(0, limits.label).join("") },
        value: data,
      })),
    }));
}

function uploadOf(
  { to }: OutboundMessage,
  files: NonNullable<OutboundMessage["files"]>,
): webApi.FilesUploadV2Arguments {
  const file_uploads = files.map(({ name, bytes }) => ({ filename: name, file: Buffer.from(bytes) }));
  return to.thread === undefined
    ? { channel_id: to.chat, file_uploads }
    : { channel_id: to.chat, thread_ts: to.thread, file_uploads };
}

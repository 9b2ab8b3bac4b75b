import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  ButtonStyle,
  ComponentType,
} from "discord-api-types/v10";
import type { OutboundMessage, SendRefusal } from "../channel.ts";
import { contentOf } from "./text.ts";

const mostRows = 5;
const mostInRow = 5;
const longestData = 100;
const longestLabel = 80;
const mostFiles = 10;

/** Nobody is called by what a model writes, whoever it names. */
export const callsNobody = { parse: [], replied_user: false };

interface Written {
  readonly body: object;
  /** What only a message of its own has, not the answer to an interaction. */
  readonly posting: object;
}

/** A message as Discord takes it; or why it never would. */
export function write(message: OutboundMessage): Written | SendRefusal {
  const { buttons = [], files = [], text, replyTo } = message;
  if (buttons.length > mostRows || buttons.some((row) => row.length > mostInRow)) {
    return never(`Discord shows at most ${mostRows} rows of ${mostInRow} buttons.`);
  }
  if (buttons.flat().some(({ data }) => data.length > longestData)) {
    return never(`What a button of Discord stands for has at most ${longestData} characters.`);
  }
  if (files.length > mostFiles) return never(`Discord takes at most ${mostFiles} files in one message.`);
  const rows = buttons.filter((row) => row.length > 0).map(rowOf);
  return {
    body: {
      ...(text !== "" && { content: contentOf(text) }),
      allowed_mentions: callsNobody,
      ...(rows.length > 0 && { components: rows }),
      ...(files.length > 0 && { attachments: files.map(({ name }, id) => ({ id, filename: name })) }),
    },
    posting: {
      ...(replyTo !== undefined && {
        message_reference: { message_id: replyTo, fail_if_not_exists: false },
      }),
      nonce: nonceOf(message.clientKey),
      enforce_nonce: true,
    },
  };
}

function never(problem: string): SendRefusal {
  return { refused: "forGood", problem };
}

function rowOf(
  row: readonly { readonly label: string; readonly data: string }[],
): APIActionRowComponent<APIButtonComponentWithCustomId> {
  return {
    type: ComponentType.ActionRow,
    components: row.map(({ label, data }) => ({
      type: ComponentType.Button,
      style: ButtonStyle.Secondary,
      label: label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label,
      custom_id: data,
    })),
  };
}

/** Discord's nonces are short. The same key makes the same one. */
function nonceOf(clientKey: string): string {
  return new Bun.CryptoHasher("sha256").update(clientKey).digest("base64url").slice(0, 25);
}

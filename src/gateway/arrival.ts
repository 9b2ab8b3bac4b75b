import type { Address, InboundMessage, SessionEvent } from "#protocol";
import type { NewReceipt } from "#storage";
import { defaultAccount } from "./line.ts";

export function received({ id, runId, from, sender, text, files = [] }: InboundMessage): SessionEvent {
  const came = files.length > 0 && { files: [...files] };
  return { kind: "MessageReceived", runId, messageId: id, from, sender, text, ...came };
}

/**
 * What marks a message as this one: said again, it is known; with the same id and another content, it is a conflict. Its
 * files count by what the text says of them.
 */
export function receiptOf({ id, updateId = id, runId, sessionKey, from, sender, text }: InboundMessage): NewReceipt {
  const request = JSON.stringify([sessionKey, from.account ?? "", from.chat, from.thread ?? "", sender, text]);
  return {
    scope: inboundScope(from),
    key: updateId,
    requestHash: Bun.SHA256.hash(request, "hex"),
    runId,
  };
}

/** Platforms give their ids within an account; two of them may give the same. */
export function inboundScope({ channel, account = defaultAccount }: Pick<Address, "channel" | "account">): string {
  return account === defaultAccount ? `inbound:${channel}` : `inbound:${channel}/${account}`;
}

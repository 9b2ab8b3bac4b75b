import type { InboundMessage, SessionEvent } from "#protocol";
import type { NewReceipt } from "#storage";

export function received({ id, runId, from, sender, text }: InboundMessage): SessionEvent {
  return { kind: "MessageReceived", runId, messageId: id, from, sender, text };
}

/** What marks a message as this one: said again, it is known; with the same id and another content, it is a conflict. */
export function receiptOf({ id, runId, sessionKey, from, sender, text }: InboundMessage): NewReceipt {
  const request = JSON.stringify([sessionKey, from.account ?? "", from.chat, from.thread ?? "", sender, text]);
  return {
    scope: `inbound:${from.channel}`,
    key: id,
    requestHash: Bun.SHA256.hash(request, "hex"),
    runId,
  };
}

import { type InboundMessage, noUsage, ownAnswer, type SessionEvent } from "#protocol";
import type { NewReceipt, Receipt as Known } from "#storage";
import { received, receiptOf } from "./arrival.ts";
import { delivery } from "./ending.ts";
import type { Gateway, Receipt } from "./gateway.ts";
import type { House } from "./house.ts";

/** Messages that are answered without a turn. `repeat` says what became of one that was taken before. */
export function createAnswers(
  house: House,
  repeat: (earlier: Known, now: NewReceipt) => Promise<Receipt>,
  wakeOutbox: () => void,
): Pick<Gateway, "answer"> {
  /** By scope and key, the messages that are being worked on. */
  const underWay = new Map<string, NewReceipt>();

  async function answerOnce(message: InboundMessage, mark: NewReceipt, work: () => Promise<string>): Promise<Receipt> {
    const { runId, sessionKey } = message;
    const earlier = await house.storage.receipt(mark.scope, mark.key);
    if (earlier) return repeat(earlier, mark);
    const text = await work();
    const ended = { text, toolCalls: [], stopReason: "stop" as const, usage: noUsage };
    const answer: SessionEvent = { kind: "AgentResponse", runId, ...ended, ...ownAnswer };
    const owed = await delivery(house, message, [answer]);
    const appended = await house.sessions.append(sessionKey, [received(message), answer], { ...owed, receipt: mark });
    if (!appended.taken) return repeat(appended.receipt, mark);
    if (owed.outbox) wakeOutbox();
    return { taken: true, runId, status: "ok", isRepeat: false };
  }

  return {
    async answer(message, work) {
      const mark = receiptOf(message);
      const place = `${mark.scope} ${mark.key}`;
      const other = underWay.get(place);
      if (other && other.requestHash !== mark.requestHash) return { taken: false, because: "conflict" };
      if (other) return { taken: true, runId: other.runId, status: "running", isRepeat: true };
      underWay.set(place, mark);
      try {
        return await answerOnce(message, mark, work);
      } finally {
        underWay.delete(place);
      }
    },
  };
}

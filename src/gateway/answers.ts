import { type InboundMessage, noUsage, ownAnswer, type SessionEvent } from "#protocol";
import type { AppendOptions } from "#sessions";
import type { NewReceipt, Receipt as Known } from "#storage";
import { received, receiptOf } from "./arrival.ts";
import { delivery } from "./ending.ts";
import type { Gateway, Receipt } from "./gateway.ts";
import type { House } from "./house.ts";
import { rowsAsIs } from "./outbound/pieces.ts";

/** What ends a message without a turn: what is said of it in its log, and what is owed for it. */
interface Settled {
  readonly text: string;
  readonly owed: AppendOptions;
}

/** Messages that are answered, or passed on, without a turn. `repeat` says what became of one that was taken before. */
export function createAnswers(
  house: House,
  repeat: (earlier: Known, now: NewReceipt) => Promise<Receipt>,
  wakeOutbox: () => void,
): Pick<Gateway, "answer" | "relay"> {
  /** By scope and key, the messages that are being worked on. */
  const underWay = new Map<string, NewReceipt>();

  async function settleOnce(
    message: InboundMessage,
    mark: NewReceipt,
    settle: () => Promise<Settled>,
  ): Promise<Receipt> {
    const { runId, sessionKey } = message;
    const earlier = await house.storage.receipt(mark.scope, mark.key);
    if (earlier) return repeat(earlier, mark);
    const { text, owed } = await settle();
    const events = [received(message), ownWords(runId, text)];
    const appended = await house.sessions.append(sessionKey, events, { ...owed, receipt: mark });
    if (!appended.taken) return repeat(appended.receipt, mark);
    if (owed.outbox) wakeOutbox();
    return { taken: true, runId, status: "ok", isRepeat: false };
  }

  async function settleAlone(message: InboundMessage, settle: () => Promise<Settled>): Promise<Receipt> {
    const mark = receiptOf(message);
    const place = `${mark.scope} ${mark.key}`;
    const other = underWay.get(place);
    if (other && other.requestHash !== mark.requestHash) return { taken: false, because: "conflict" };
    if (other) return { taken: true, runId: other.runId, status: "running", isRepeat: true };
    underWay.set(place, mark);
    try {
      return await settleOnce(message, mark, settle);
    } finally {
      underWay.delete(place);
    }
  }

  return {
    answer: (message, work) =>
      settleAlone(message, async () => {
        const text = await work();
        return { text, owed: await delivery(house, message, [ownWords(message.runId, text)]) };
      }),
    relay: (message, { to, text }) =>
      settleAlone(message, async () => ({
        text: `Passed on to ${to.channel} ${to.chat}.`,
        owed: { outbox: await rowsAsIs(house, { to, text, runId: message.runId }) },
      })),
  };
}

function ownWords(runId: string, text: string): SessionEvent {
  return { kind: "AgentResponse", runId, text, toolCalls: [], stopReason: "stop", usage: noUsage, ...ownAnswer };
}

import { failPoint, newId } from "#base";
import type { OutboundMessage } from "#channels";
import { fault } from "#protocol";
import type { House } from "./house.ts";
import { Delivery } from "./outbound/delivery.ts";
import { sentEvent } from "./outbound/delivery-events.ts";
import { DeliveryQueue } from "./outbound/delivery-queue.ts";
import { Pace } from "./outbound/pace.ts";
import { canTell, lineTo, look as lookFor, transmit } from "./transmit.ts";

/**
 * Delivers what the log owes to people: each chat in order, chats beside each other. A row is claimed before it is sent.
 * A message whose try was not heard of is asked after where the platform can tell, and sent again where it cannot; then
 * the log says that it may be there twice.
 */
export interface Outbox extends AsyncDisposable {
  /** There may be something to deliver. Never throws, never waits. */
  wake(): void;
  /** Begins nothing more, and waits for what is under way, at most `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Sends a message once and records it: a failure is the caller's, nothing is tried again behind its back. */
  send(sessionKey: string, message: Omit<OutboundMessage, "clientKey">): Promise<{ readonly messageId: string }>;
}

export function createOutbox(house: House): Outbox {
  const closing = new AbortController();
  const pace = new Pace(house.lines);
  const delivery = new Delivery(house, closing.signal);
  const queue = new DeliveryQueue(house, { delivery, pace });

  async function sendOnce(sent: Omit<OutboundMessage, "clientKey">): Promise<string> {
    const line = lineTo(house, sent.to);
    const message = { ...sent, clientKey: newId() };
    pace.note(sent.to, house.clock.elapsed());
    const { signal } = closing;
    const first = await transmit(line, message, { mayBeSent: false, signal });
    const last = first.became === "doubt" && canTell(line) ? await lookFor(line, message, signal) : first;
    switch (last.became) {
      case "sent":
        return last.messageId;
      case "refused":
        throw fault.deliveryFailed({
          problem: last.problem,
          ...(last.retryAfterMs !== undefined && { retryAfterMs: last.retryAfterMs }),
        });
      case "missing":
        throw fault.deliveryFailed({ problem: "problem" in first ? first.problem : "it did not arrive" });
      case "doubt":
        throw fault.outcomeUnknown({ problem: last.problem });
    }
  }

  return {
    wake: () => queue.wake(),
    drain: (graceMs) => queue.drain(graceMs),
    async send(sessionKey, message) {
      const { to, text } = message;
      const messageId = await sendOnce(message);
      try {
        failPoint("outbox.send.sent");
        await house.sessions.append(sessionKey, [sentEvent(messageId, { to, text })]);
        failPoint("outbox.send.recorded");
      } catch (error) {
        // Where people follow the log, the record is the message. Elsewhere they have it: whoever heard of a failure would send it twice.
        if (lineTo(house, to).channel.followsLog) throw error;
        house.log.error("a message was sent but could not be recorded", { messageId, sessionKey, error });
      }
      return { messageId };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await queue[Symbol.asyncDispose]();
    },
  };
}

import { backoffMs, failPoint, pause } from "#base";
import type { Connection } from "#channels";
import { type Address, Fault, fault, type SessionEvent } from "#protocol";
import type { OutboxRow } from "#storage";
import type { House, OpenChannel } from "./house.ts";

const sendTimeoutMs = 30_000;
const retry = { firstMs: 500, mostMs: 300_000 };
const mostAtOnce = 16;

/** What could not be delivered for so long is given up, and the log says so: it would keep back all that comes after it. */
const mostAgeMs = 24 * 60 * 60 * 1_000;

/** When the outbox itself cannot be read. */
const lookAgainMs = 5_000;

/** Delivers what the log owes to people, at least once: each chat in order, chats beside each other. */
export interface Outbox extends AsyncDisposable {
  /** There may be something to deliver. Never throws, never waits. */
  wake(): void;
  /** Sends a message once and records it: a failure is the caller's, nothing is tried again behind its back. */
  send(sessionKey: string, to: Address, text: string): Promise<{ readonly messageId: string }>;
}

export function createOutbox(house: House): Outbox {
  const closing = new AbortController();
  /** Deliveries under way, by the row's id. */
  const sending = new Map<string, Promise<void>>();
  const state: { looking: Promise<void> | undefined; again: boolean; timer: Timer | undefined } = {
    looking: undefined,
    again: false,
    timer: undefined,
  };

  function wake(): void {
    if (closing.signal.aborted) return;
    if (state.looking) {
      state.again = true;
      return;
    }
    state.looking = look()
      .catch((error: unknown) => {
        house.log.error("the outbox could not be read", { error });
        wakeIn(lookAgainMs);
      })
      .finally(() => {
        state.looking = undefined;
        if (state.again) wake();
      });
  }

  function wakeIn(ms: number): void {
    clearTimeout(state.timer);
    if (!closing.signal.aborted) state.timer = setTimeout(wake, Math.min(retry.mostMs, ms));
  }

  async function look(): Promise<void> {
    state.again = false;
    failPoint("outbox.look.begin");
    const known = new Set(sending.keys()); // a row that is settled while it is read was under way before
    const now = house.clock.now();
    const nextAt = await house.storage.nextOutboxAt(now);
    // Nothing waits so long: the clock has gone back, and what waits for its old time would wait that much longer.
    const wentBack = nextAt !== undefined && nextAt - now > retry.mostMs;
    const due = await house.storage.dueOutbox({ now: wentBack ? nextAt : now, limit: mostAtOnce });
    const fresh = due.filter((row) => !known.has(row.id));
    for (const row of fresh.slice(0, mostAtOnce - sending.size)) begin(row);
    if (nextAt !== undefined) wakeIn(nextAt - now);
  }

  function begin(row: OutboxRow): void {
    const delivery = deliver(row)
      .catch((error: unknown) => {
        // Cut off by the end: the row is still there when the next start looks.
        if (!closing.signal.aborted) house.log.error("a delivery broke", { outboxId: row.id, error });
      })
      .finally(() => {
        sending.delete(row.id);
        wake();
      });
    sending.set(row.id, delivery);
  }

  async function deliver(row: OutboxRow): Promise<void> {
    failPoint("outbox.deliver.begin");
    const sent = await attempt(row);
    failPoint("outbox.deliver.attempted");
    if ("messageId" in sent) return insist(() => record(row, sentEvent(sent.messageId, row)));

    closing.signal.throwIfAborted();
    const { problem } = sent;
    const now = house.clock.now();
    const attempts = row.attempts + 1;
    const about = { outboxId: row.id, attempts, problem };
    if (now - row.createdAt >= mostAgeMs) {
      house.log.error("a message was given up: it could not be delivered for a day", about);
      const value = { to: row.to, attempts, problem, ...(row.runId !== undefined && { runId: row.runId }) };
      return insist(() => record(row, { kind: "StateChanged", key: "delivery.failed", value }));
    }
    const waitMs = backoffMs(retry, attempts);
    house.log.warn("a message was not delivered; trying again later", { ...about, waitMs });
    failPoint("outbox.postpone.begin");
    await insist(() => house.storage.postponeOutbox(row.id, { attempts, nextAt: now + waitMs, problem }));
  }

  async function attempt(row: OutboxRow): Promise<{ readonly messageId: string } | { readonly problem: string }> {
    try {
      return await transmit(openChannel(row.to.channel), { to: row.to, text: row.text, key: row.id });
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  /** Records what became of a row and takes it out, in one transaction. */
  async function record(row: OutboxRow, event: SessionEvent): Promise<void> {
    try {
      await house.sessions.append(row.key, [event], { settles: [row.id], mustExist: true });
      failPoint("outbox.deliver.recorded");
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "sessionNotFound") throw error;
      house.log.info("a message's session was deleted while it was sent", { outboxId: row.id });
    }
  }

  /** Writes as soon as the storage takes it: a message must not be sent again because its record failed. */
  async function insist(write: () => Promise<void>): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await write();
      } catch (error) {
        house.log.warn("the outbox could not be written; trying again", { attempts, error });
      }
      await pause(backoffMs(retry, attempts), closing.signal);
    }
  }

  async function transmit({ connection }: OpenChannel, message: Parameters<Connection["send"]>[0]) {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(sendTimeoutMs)]);
    signal.throwIfAborted();
    return orAborted(connection.send(message, signal), signal);
  }

  function openChannel(id: string): OpenChannel {
    const channel = house.channels.find((open) => open.id === id);
    if (channel) return channel;
    throw fault.channelNotFound({ channel: id, known: house.channels.map((open) => open.id).join(", ") || "none" });
  }

  return {
    wake,
    async send(sessionKey, to, text) {
      const channel = openChannel(to.channel);
      const { messageId } = await transmit(channel, { to, text }).catch((error: unknown) => {
        if (error instanceof Fault) throw error;
        throw fault.deliveryFailed({ problem: problemOf(error) }, error);
      });
      try {
        failPoint("outbox.send.sent");
        await house.sessions.append(sessionKey, [sentEvent(messageId, { to, text })]);
        failPoint("outbox.send.recorded");
      } catch (error) {
        // Where people follow the log, the record is the message. Elsewhere they have it: whoever heard of a failure would send it twice.
        if (channel.followsLog) throw error;
        house.log.error("a message was sent but could not be recorded", { messageId, sessionKey, error });
      }
      return { messageId };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearTimeout(state.timer);
      await state.looking;
      await Promise.all(sending.values());
    },
  };
}

function sentEvent(messageId: string, { runId, to, text }: Pick<OutboxRow, "runId" | "to" | "text">): SessionEvent {
  return { kind: "MessageSent", messageId, to, text, ...(runId !== undefined && { runId }) };
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}

/** A channel that does not listen to its signal must not hold up the others. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error("no answer in time", { cause: signal.reason }));
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

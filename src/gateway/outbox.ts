import { backoffMs, newId } from "#base";
import { type Address, Fault, fault, type SessionEvent } from "#protocol";
import type { OutboxRow } from "#storage";
import type { House } from "./house.ts";

const sendTimeoutMs = 30_000;
const retry = { firstMs: 500, mostMs: 300_000 };
const rowsAtOnce = 100;

/** Delivers what the log owes to people, in order, at least once. */
export interface Outbox extends AsyncDisposable {
  /** There may be something to deliver. Never throws, never waits. */
  wake(): void;
  /** Sends a message once and records it: a failure is the caller's, nothing is tried again behind its back. */
  send(sessionKey: string, to: Address, text: string): Promise<{ readonly messageId: string }>;
}

export function createOutbox(house: House): Outbox {
  const closing = new AbortController();
  const state: { working: Promise<void> | undefined; again: boolean; timer: Timer | undefined } = {
    working: undefined,
    again: false,
    timer: undefined,
  };

  async function work(): Promise<void> {
    state.again = false;
    const rows = await house.storage.dueOutbox({ now: house.clock.now(), limit: rowsAtOnce });
    for (const row of rows) await attempt(row);
    if (rows.length === rowsAtOnce) state.again = true;
  }

  async function attempt(row: OutboxRow): Promise<void> {
    if (closing.signal.aborted) return;
    try {
      await transmit(row.key, row);
    } catch (error) {
      const attempts = row.attempts + 1;
      const waitMs = backoffMs(retry, attempts);
      const problem = error instanceof Error ? error.message : "unknown";
      house.log.warn("a message was not delivered; trying again later", { outboxId: row.id, attempts, waitMs, error });
      await house.storage.postponeOutbox(row.id, { attempts, nextAt: house.clock.now() + waitMs, problem });
      clearTimeout(state.timer);
      state.timer = setTimeout(wake, waitMs);
    }
  }

  /** Sends, then records it as sent and takes the row out, in one transaction. */
  async function transmit(
    key: string,
    row: Pick<OutboxRow, "id" | "runId" | "to" | "text">,
  ): Promise<{ messageId: string }> {
    const { connection } = openChannel(row.to.channel);
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(sendTimeoutMs)]);
    const { messageId } = await connection.send({ to: row.to, text: row.text }, signal);
    const { id, runId, to, text } = row;
    const sent: SessionEvent = { kind: "MessageSent", messageId, to, text, ...(runId !== undefined && { runId }) };
    await house.sessions.append(key, [sent], { settles: [id] });
    return { messageId };
  }

  function openChannel(id: string) {
    const channel = house.channels.find((open) => open.id === id);
    if (channel) return channel;
    throw fault.channelNotFound({ channel: id, known: house.channels.map((open) => open.id).join(", ") || "none" });
  }

  function wake(): void {
    if (closing.signal.aborted) return;
    if (state.working) {
      state.again = true;
      return;
    }
    state.working = work()
      .catch((error: unknown) => house.log.error("the outbox broke", { error }))
      .finally(() => {
        state.working = undefined;
        if (state.again) wake();
      });
  }

  return {
    wake,
    async send(sessionKey, to, text) {
      openChannel(to.channel);
      try {
        return await transmit(sessionKey, { id: newId(), to, text });
      } catch (error) {
        if (error instanceof Fault) throw error;
        throw fault.deliveryFailed({ problem: error instanceof Error ? error.message : "unknown" }, error);
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearTimeout(state.timer);
      await state.working;
    },
  };
}

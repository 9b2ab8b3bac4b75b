import { type Address, type InboundMessage, type SessionEvent, fault } from "#protocol";
import type { Place } from "#scheduler";
import type { NewReceipt } from "#storage";
import type { Gateway, Receipt, RunStatus } from "./gateway.ts";
import type { House } from "./house.ts";
import { createOutbox } from "./outbox.ts";
import { recoverRuns } from "./recovery.ts";
import { Run } from "./run.ts";
import { endAborted, runTurn } from "./run-turn.ts";

/** Opens the walk. `sessionKeyOf` names the session that holds what is sent to an address. */
export function createGateway(house: House, sessionKeyOf: (to: Address) => string): Gateway {
  const runs = new Map<string, Run>();
  const outbox = createOutbox(house);

  /** From here on the turn is ours: it ends in the log, whatever happens. */
  function start(run: Run, place: Place): void {
    runs.set(run.runId, run);
    const started = place.start(async (closing) => {
      run.begin();
      const interrupt = () => run.stop("closing");
      closing.addEventListener("abort", interrupt);
      try {
        await runTurn(house, run);
        outbox.wake();
      } finally {
        closing.removeEventListener("abort", interrupt);
        finish(run);
      }
    });
    run.placed(started);
  }

  function finish(run: Run): void {
    runs.delete(run.runId);
    run.end();
  }

  async function receive(message: InboundMessage): Promise<Receipt> {
    const mark = receiptOf(message);
    const reservation = house.scheduler.reserve(message.sessionKey);
    if (!reservation.reserved) {
      const earlier = await house.storage.receipt(mark.scope, mark.key);
      return earlier ? repeat(earlier, mark) : { taken: false, because: reservation.because };
    }
    const { place } = reservation;
    try {
      const appended = await house.sessions.append(message.sessionKey, [received(message)], { receipt: mark });
      if (!appended.taken) {
        place.giveBack();
        return await repeat(appended.receipt, mark);
      }
    } catch (error) {
      place.giveBack();
      throw error;
    }
    start(new Run({ ...message, startedAt: house.clock.now() }), place);
    return { taken: true, runId: message.runId, status: "queued", isRepeat: false };
  }

  async function repeat(earlier: NewReceipt, now: NewReceipt): Promise<Receipt> {
    if (earlier.requestHash !== now.requestHash) return { taken: false, because: "conflict" };
    return { taken: true, runId: earlier.runId, status: await statusOf(earlier.runId), isRepeat: true };
  }

  async function statusOf(runId: string): Promise<RunStatus> {
    const active = runs.get(runId);
    if (active) return active.view().status;
    const ended = await house.sessions.run(runId);
    if (ended?.stopReason === undefined) return "queued";
    if (ended.stopReason === "aborted" || ended.stopReason === "error") return ended.stopReason;
    return "ok";
  }

  async function stop(run: Run): Promise<void> {
    if (!run.withdraw()) return run.stop("asked");
    try {
      await endAborted(house, run);
    } finally {
      finish(run);
    }
  }

  /** Stops all turns of a session and waits until nothing of them goes on. */
  async function quiet(sessionKey: string): Promise<void> {
    const mine = [...runs.values()].filter((run) => run.sessionKey === sessionKey);
    await Promise.all(mine.map(stop));
    await Promise.all(mine.map((run) => run.ended));
  }

  return {
    receive,
    async abort({ sessionKey, runId }) {
      const mine = [...runs.values()].filter(
        (run) => run.sessionKey === sessionKey && (runId === undefined || run.runId === runId),
      );
      await Promise.all(mine.map(stop));
      return mine.map((run) => run.runId);
    },
    activeRuns: () => [...runs.values()].map((run) => run.view()),
    async resetSession(sessionKey) {
      await quiet(sessionKey);
      return house.sessions.reset(sessionKey);
    },
    async deleteSession(sessionKey) {
      await quiet(sessionKey);
      return house.sessions.delete(sessionKey);
    },
    async send(to, text) {
      if (!house.channels.some((channel) => channel.id === to.channel)) {
        throw fault.channelNotFound({ channel: to.channel, known: house.channels.map(({ id }) => id).join(", ") });
      }
      return outbox.send(sessionKeyOf(to), to, text);
    },
    async recover() {
      const recovered = await recoverRuns(house, ({ message: { runId, from }, key, startedAt }) => {
        const reservation = house.scheduler.reserve(key);
        if (reservation.reserved) start(new Run({ runId, sessionKey: key, from, startedAt }), reservation.place);
        return reservation.reserved;
      });
      outbox.wake();
      return recovered;
    },
    load: () => house.scheduler.load(),
    drain: (graceMs) => house.scheduler.drain(graceMs),
    [Symbol.asyncDispose]: () => outbox[Symbol.asyncDispose](),
  };
}

function received({ id, runId, from, sender, text }: InboundMessage): SessionEvent {
  return { kind: "MessageReceived", runId, messageId: id, from, sender, text };
}

/** What marks a message as this one: said again, it is known; with the same id and another content, it is a conflict. */
function receiptOf({ id, runId, sessionKey, from, sender, text }: InboundMessage): NewReceipt {
  const request = JSON.stringify([sessionKey, from.account ?? "", from.chat, from.thread ?? "", sender, text]);
  return {
    scope: `inbound:${from.channel}`,
    key: id,
    requestHash: Bun.SHA256.hash(request, "hex"),
    runId,
  };
}

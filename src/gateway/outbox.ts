import { backoffMs, failPoint, newId, nextTurn, pause } from "#base";
import type { OutboundMessage } from "#channels";
import { Fault, fault, type SessionEvent } from "#protocol";
import type { OutboxRow, Settlement } from "#storage";
import type { House } from "./house.ts";
import { defaultAccount, type Line } from "./line.ts";
import { filesFor } from "./outbound/files-for.ts";
import type { Finished } from "./outbound/finish-preview.ts";
import { isFirstPiece } from "./outbound/pieces.ts";
import { replyToOf } from "./outbound/reply-to.ts";
import { Turnstile } from "./turnstile.ts";
import {
  canTell,
  isAwaited,
  lineTo,
  longestFinishMs,
  longestTryMs,
  look as lookFor,
  type Transmission,
  transmit,
} from "./transmit.ts";

const retry = { firstMs: 500, mostMs: 300_000 };
const mostAtOnce = 64;
/** Read at once, so that a long queue is not looked through for each of its rows. */
const mostRead = 256;
const mostWithFiles = 2;

/** For an account that is not open now: it costs no try, however long it takes. */
const waiting = { firstMs: 10_000, mostMs: 10_000 };

/** What could not be delivered for so long, or so often, is given up, and the log says so: it would keep back all that comes after it. */
const mostAgeMs = 24 * 60 * 60 * 1_000;
const mostAttempts = 500;

/** Longer than the longest try, so that nobody else begins while we are at it; what is left of it is looked at before. */
const leaseMs = 300_000;

/** When the outbox itself cannot be read. */
const lookAgainMs = 5_000;

/**
 * Delivers what the log owes to people: each chat in order, chats beside each other. A row is claimed before it is sent.
 * A message whose try was not heard of is asked after where the platform can tell, and sent again where it cannot; then
 * the log says that it may be there twice.
 */
export interface Outbox extends AsyncDisposable {
  /** There may be something to deliver. Never throws, never waits. */
  wake(): void;
  /** Sends a message once and records it: a failure is the caller's, nothing is tried again behind its back. */
  send(sessionKey: string, message: Omit<OutboundMessage, "clientKey">): Promise<{ readonly messageId: string }>;
}

/** A row that is ours, until then by `clock.elapsed`. */
interface Held {
  readonly claim: number;
  readonly endsAt: number;
}

export function createOutbox(house: House): Outbox {
  const closing = new AbortController();
  const carrying = new Turnstile(mostWithFiles);
  /** Deliveries under way, by the row's id. */
  const sending = new Map<string, Promise<void>>();
  /** Damaged rows that cannot be put with the dead either, by their places. They hold up their chats, and nothing else. */
  const stuck = new Set<number>();
  const state: {
    looking: Promise<void> | undefined;
    again: boolean;
    timer: Timer | undefined;
    isReleased: boolean;
    /** Read, due, each of another chat, and waiting for a place. */
    ready: readonly OutboxRow[];
  } = {
    looking: undefined,
    again: false,
    timer: undefined,
    isReleased: false,
    ready: [],
  };

  function wake(): void {
    if (closing.signal.aborted) return;
    if (state.looking) {
      state.again = true;
      return;
    }
    state.looking = look()
      .catch((error: unknown) => {
        if (closing.signal.aborted) return;
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
    await nextTurn(); // what is written together wakes us once
    state.again = false;
    closing.signal.throwIfAborted();
    beginReady();
    if (state.ready.length > 0) return; // whoever leaves a place wakes us
    failPoint("outbox.look.begin");
    if (!state.isReleased) await releaseHeld();
    state.isReleased = true;
    const known = new Set(sending.keys()); // a row that is settled while it is read was under way before
    const now = house.clock.now();
    const due = await house.storage.dueOutbox({ now, limit: mostRead });
    const nextAt = await house.storage.nextOutboxAt(now);
    state.ready = [...due, ...(await writtenInFuture(now, nextAt))].filter(
      (row) => !known.has(row.id) && !stuck.has(row.n),
    );
    beginReady();
    if (nextAt !== undefined) wakeIn(nextAt - now);
  }

  function beginReady(): void {
    const places = Math.max(0, mostAtOnce - sending.size);
    const next = state.ready.slice(0, places);
    state.ready = state.ready.slice(places);
    for (const row of next) begin(row);
  }

  /** The clock went back since these were written: they would wait for the time that it had. */
  async function writtenInFuture(now: number, nextAt: number | undefined): Promise<readonly OutboxRow[]> {
    if (nextAt === undefined) return [];
    const next = await house.storage.dueOutbox({ now: nextAt, limit: mostAtOnce });
    return next.filter((row) => row.createdAt > now);
  }

  /** What an earlier life of this gateway held. Most starts find an empty outbox, and write nothing. */
  async function releaseHeld(): Promise<void> {
    const [first] = await house.storage.outbox({ limit: 1, isDead: false });
    if (first) await house.storage.releaseOutbox(house.instanceId);
  }

  function begin(row: OutboxRow): void {
    const delivery = deliver(row)
      .catch((error: unknown) => {
        // Cut off by the end: the row is still there when the next start looks.
        if (!closing.signal.aborted) house.log.error("a delivery broke", { ...inLog(row), error });
      })
      .finally(() => {
        sending.delete(row.id);
        wake();
      });
    sending.set(row.id, delivery);
  }

  /** Files are large: few are held in memory at once. */
  function deliver(row: OutboxRow): Promise<void> {
    if (row.isDamaged) return bury(row);
    // Whoever holds it still has let its time go by: that was a try, too.
    const tried = row.claimedUntil === undefined ? row : { ...row, attempts: row.attempts + 1 };
    return row.files ? carrying.pass(closing.signal, () => deliverNow(tried)) : deliverNow(tried);
  }

  async function deliverNow(row: OutboxRow): Promise<void> {
    const held = await insist(() => claim(row));
    if (!held) return; // somebody else was quicker

    failPoint("outbox.deliver.begin");
    const sent = await attempt(row, held);
    failPoint("outbox.deliver.attempted");
    if (!sent) return putBack(row, held.claim);
    const isDoubtful = row.mayBeSent && !knowsBetter(row, sent);
    if (sent.became === "sent" || sent.became === "withdrawn") {
      await insist(() => record(row, { id: row.id, as: "sent", claim: held.claim }, eventsOf(row, sent, isDoubtful)));
      if (row.runId !== undefined && (sent.became === "withdrawn" || sent.isEdit)) forget(row.runId);
      return;
    }
    await putOff(row, sent, { claim: held.claim, mayBeSent: isDoubtful || sent.became === "doubt" });
  }

  async function claim({ id, claim: known }: OutboxRow): Promise<Held | undefined> {
    const endsAt = house.clock.elapsed() + leaseMs;
    const now = house.clock.now();
    const wanted = { owner: house.instanceId, claim: known, now, until: now + leaseMs };
    const claimed = await house.storage.claimOutbox(id, wanted);
    return claimed === undefined ? undefined : { claim: claimed, endsAt };
  }

  /** Nothing was sent, so nothing is in doubt that was not before. */
  async function putBack(row: OutboxRow, claimed: number): Promise<void> {
    const { attempts, mayBeSent } = row;
    const problem = "the storage took so long that somebody else might have begun";
    const next = { claim: claimed, attempts, nextAt: house.clock.now(), problem, mayBeSent };
    if (!(await insist(() => house.storage.postponeOutbox(row.id, next)))) lost(row);
  }

  /** What it says may be another text, or for somebody else: a person is told, and nobody is sent anything. */
  async function bury(row: OutboxRow): Promise<void> {
    const problem = "what was stored of it is damaged";
    house.log.error("a message was given up: it is damaged", inLog(row));
    if (!(await insist(() => house.storage.buryOutbox(row.n, problem)))) {
      stuck.add(row.n);
      return;
    }
    try {
      const { attempts } = row;
      await house.sessions.append(row.key, [givenUp(row, { attempts, problem })], { mustExist: true });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      house.log.warn("that a damaged message was given up is not in its log", { ...inLog(row), error });
    }
  }

  async function putOff(
    row: OutboxRow,
    failure: Exclude<Delivered, { became: "sent" | "withdrawn" }>,
    held: { readonly claim: number; readonly mayBeSent: boolean },
  ): Promise<void> {
    const { id } = row;
    const { problem } = failure;
    const now = house.clock.now();
    if (isAwaited(house, row.to)) {
      const next = { attempts: row.attempts, nextAt: now + backoffMs(waiting, 1), problem, ...held };
      if (!(await insist(() => house.storage.postponeOutbox(id, next)))) lost(row);
      return;
    }
    const attempts = row.attempts + 1;
    const isHopeless = failure.became === "refused" && failure.refused === "forGood";
    if (isHopeless || now - row.createdAt >= mostAgeMs || attempts >= mostAttempts) {
      house.log.error("a message was given up: it could not be delivered", { ...inLog(row), attempts, problem });
      const dead = { id, as: "dead", attempts, problem, ...held } as const;
      return insist(() => record(row, dead, [givenUp(row, { attempts, problem })]));
    }
    const leastMs = (failure.became === "refused" && failure.retryAfterMs) || 0;
    const waitMs = leastMs + backoffMs(retry, attempts);
    house.log.warn("a message was not delivered; trying again later", { ...inLog(row), attempts, problem, waitMs });
    const next = { attempts, nextAt: now + waitMs, problem, ...held };
    failPoint("outbox.postpone.begin");
    if (!(await insist(() => house.storage.postponeOutbox(id, next)))) lost(row);
  }

  /** Undefined, and nothing was sent, when the claim would not outlive the try. */
  async function attempt(row: OutboxRow, { endsAt }: Held): Promise<Delivered | undefined> {
    const { id: clientKey, to, text, mayBeSent } = row;
    try {
      const line = lineTo(house, to);
      const replyTo = await replyToOf(house, line, row);
      const files = row.files && (await filesFor(house.storage, row.files));
      if (files && "problem" in files) return { became: "refused", refused: "forGood", problem: files.problem };
      const message = { to, text, clientKey, ...(replyTo !== undefined && { replyTo }), ...(files && { files }) };
      const tryMs = longestTryMs(message);
      if (house.clock.elapsed() + longestFinishMs + tryMs > endsAt) return undefined;
      const finished = files ? undefined : await finish(row, line, message);
      if (finished) return finished;
      if (house.clock.elapsed() + tryMs > endsAt) return undefined;
      return await transmit(line, message, { mayBeSent, signal: closing.signal });
    } catch (error) {
      closing.signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      return { became: "refused", refused: "forNow", problem: error.message };
    }
  }

  /** Undefined for what is to be sent. */
  async function finish(row: OutboxRow, line: Line, message: OutboundMessage): Promise<Delivered | undefined> {
    const finished = await finishShown(row, line, message);
    if (finished && finished.became !== "gone") return finished;
    return message.text === "" ? { became: "withdrawn" } : undefined;
  }

  /** Undefined where the chat has seen nothing of the answer before. */
  async function finishShown(row: OutboxRow, line: Line, message: OutboundMessage): Promise<Finished | undefined> {
    const { runId } = row;
    if (runId === undefined || !isFirstPiece(row.id) || !line.connection.edit) return undefined;
    if (house.previews.isOpen(runId)) return undefined;
    await house.previews.settled(runId);
    const preview = await house.previews.read(runId);
    if (!preview) return undefined;
    const { finishPreview } = await import("./outbound/finish-preview.ts");
    const found = (messageId: string) => house.previews.write(runId, { messageId });
    return finishPreview(message, { line, runId, preview, found, signal: closing.signal });
  }

  /** Nobody waits for it: it is known by its row that nothing is owed. */
  function forget(runId: string): void {
    house.previews.forget(runId).catch((error: unknown) => {
      house.log.debug("what had shown a growing answer could not be forgotten", { runId, error });
    });
  }

  /** The platform told, in this try, whether it had the message. */
  function knowsBetter(row: OutboxRow, sent: Delivered): boolean {
    if (sent.became === "withdrawn" || (sent.became === "sent" && sent.isEdit)) return true;
    const line = house.lines.find(row.to);
    return line !== undefined && canTell(line) && sent.became !== "doubt";
  }

  /** Records what became of a row, and changes it, in one transaction. */
  async function record(row: OutboxRow, settlement: Settlement, events: readonly SessionEvent[]): Promise<void> {
    try {
      await house.sessions.append(row.key, events, { settles: [settlement], mustExist: true });
      failPoint("outbox.deliver.recorded");
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === "claimLost") return lost(row);
      if (error.code === "sessionDamaged") return recordPastDamage(row, settlement, events);
      if (error.code !== "sessionNotFound") throw error;
      house.log.info("a message's session was deleted while it was sent", inLog(row));
    }
  }

  /** A log that is damaged somewhere can still be written at its end, and must be: else the message would go out again. */
  async function recordPastDamage(row: OutboxRow, settlement: Settlement, events: readonly SessionEvent[]) {
    const at = house.clock.now();
    const session = await house.storage.sessionByKey(row.key);
    const news = events.map((event) => ({ id: newId(), at, event }));
    if (session) await house.storage.append({ sessionId: session.id, events: news, settles: [settlement] });
  }

  function lost(row: OutboxRow): void {
    house.log.warn("a delivery was taken over or taken away while it was under way", inLog(row));
  }

  /** Writes as soon as the storage takes it: a message must not be sent again because its record failed. */
  async function insist<T>(write: () => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await write();
      } catch (error) {
        house.log.warn("the outbox could not be written; trying again", { attempts, error });
      }
      await pause(backoffMs(retry, attempts), closing.signal);
    }
  }

  async function sendOnce(sent: Omit<OutboundMessage, "clientKey">): Promise<string> {
    const line = lineTo(house, sent.to);
    const message = { ...sent, clientKey: newId() };
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
    wake,
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
      clearTimeout(state.timer);
      await state.looking;
      await Promise.all(sending.values());
    },
  };
}

/** What became of one try for a row. `withdrawn`: there was no answer, and what had been shown of one is gone. */
type Delivered = Transmission | { readonly became: "withdrawn" };

function eventsOf(
  row: OutboxRow,
  sent: Extract<Delivered, { became: "sent" | "withdrawn" }>,
  isDoubtful: boolean,
): readonly SessionEvent[] {
  if (sent.became === "withdrawn") return [{ kind: "StateChanged", key: "delivery.withdrawn", value: about(row) }];
  return [
    sentEvent(sent.messageId, row),
    ...(sent.isEdit ? [{ kind: "StateChanged" as const, key: "delivery.edited", value: about(row) }] : []),
    ...(isDoubtful || sent.mayBeTwice ? [uncertain(row)] : []),
  ];
}

function sentEvent(messageId: string, { runId, to, text }: Pick<OutboxRow, "runId" | "to" | "text">): SessionEvent {
  return { kind: "MessageSent", messageId, to, text, ...(runId !== undefined && { runId }) };
}

/** An earlier try of the message may have arrived too, and the platform cannot tell. */
function uncertain(row: OutboxRow): SessionEvent {
  return { kind: "StateChanged", key: "delivery.uncertain", value: { ...about(row), attempts: row.attempts + 1 } };
}

function givenUp(row: OutboxRow, how: { readonly attempts: number; readonly problem: string }): SessionEvent {
  return { kind: "StateChanged", key: "delivery.failed", value: { ...about(row), to: row.to, ...how } };
}

function about({ id, runId }: OutboxRow) {
  return { outboxId: id, ...(runId !== undefined && { runId }) };
}

/** What lines of the log about a delivery are found by. */
function inLog({ id, to: { channel, account = defaultAccount } }: OutboxRow) {
  return { channel, account, outboxId: id };
}

import { backoffMs, failPoint, newId, pause } from "#base";
import type { OutboundMessage } from "#channels";
import { Fault, type SessionEvent } from "#protocol";
import type { OutboxRow, Settlement } from "#storage";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import { canTell, inLog, isAwaited, lineTo, longestFinishMs, longestTryMs, transmit } from "../transmit.ts";
import { Turnstile } from "../turnstile.ts";
import { type Delivered, eventsOf, givenUp } from "./delivery-events.ts";
import { filesFor } from "./files-for.ts";
import type { Finished } from "./finish-preview.ts";
import { isFirstPiece } from "./pieces.ts";
import type { Preview } from "./previews.ts";
import { replyToOf } from "./reply-to.ts";

const retry = { firstMs: 500, mostMs: 300_000 };
const mostWithFiles = 2;

/** For an account that is not open now: it costs no try, however long it takes. */
const waiting = { firstMs: 10_000, mostMs: 10_000 };

/** What could not be delivered for so long, or so often, is given up, and the log says so: it would keep back all that comes after it. */
const mostAgeMs = 24 * 60 * 60 * 1_000;
const mostAttempts = 500;

/** Longer than the longest try, so that nobody else begins while we are at it; what is left of it is looked at before. */
const leaseMs = 300_000;

/** A row that is ours, until then by `clock.elapsed`. */
interface Held {
  readonly claim: number;
  readonly endsAt: number;
}

interface Try {
  readonly line: Line;
  readonly message: OutboundMessage;
  /** When the claim does. */
  readonly endsAt: number;
}

/** `stuck`: it is damaged and cannot be put with the dead either, so it is not to be looked at again. */
type Done = "over" | "stuck";

/**
 * One row: claimed, tried once, and what became of it recorded. Rejects when the gateway closes meanwhile; the row is still
 * there then.
 */
export class Delivery {
  readonly #house: House;
  readonly #closing: AbortSignal;
  readonly #carrying = new Turnstile(mostWithFiles);

  constructor(house: House, closing: AbortSignal) {
    this.#house = house;
    this.#closing = closing;
  }

  /** Files are large: few are held in memory at once. */
  async deliver(row: OutboxRow): Promise<Done> {
    if (row.isDamaged) return this.#bury(row);
    // Whoever holds it still has let its time go by: that was a try, too.
    const tried = row.claimedUntil === undefined ? row : { ...row, attempts: row.attempts + 1 };
    await (row.files ? this.#carrying.pass(this.#closing, () => this.#deliverNow(tried)) : this.#deliverNow(tried));
    return "over";
  }

  async #deliverNow(row: OutboxRow): Promise<void> {
    const held = await this.#insist(() => this.#claim(row));
    if (!held) return; // somebody else was quicker

    failPoint("outbox.deliver.begin");
    const sent = await this.#attempt(row, held);
    failPoint("outbox.deliver.attempted");
    if (!sent) return this.#putBack(row, held.claim);
    const isDoubtful = row.mayBeSent && !this.#knowsBetter(row, sent);
    if (sent.became === "sent" || sent.became === "withdrawn") {
      await this.#insist(() =>
        this.#record(row, { id: row.id, as: "sent", claim: held.claim }, eventsOf(row, sent, isDoubtful)),
      );
      if (row.runId !== undefined && (sent.became === "withdrawn" || sent.isEdit)) this.#forget(row.runId);
      return;
    }
    await this.#putOff(row, sent, { claim: held.claim, mayBeSent: isDoubtful || sent.became === "doubt" });
  }

  async #claim({ id, claim: known }: OutboxRow): Promise<Held | undefined> {
    const endsAt = this.#house.clock.elapsed() + leaseMs;
    const now = this.#house.clock.now();
    const wanted = { owner: this.#house.instanceId, claim: known, now, until: now + leaseMs };
    const claimed = await this.#house.storage.claimOutbox(id, wanted);
    return claimed === undefined ? undefined : { claim: claimed, endsAt };
  }

  /** Nothing was sent, so nothing is in doubt that was not before. */
  async #putBack(row: OutboxRow, claimed: number): Promise<void> {
    const { attempts, mayBeSent } = row;
    const problem = "the storage took so long that somebody else might have begun";
    const next = { claim: claimed, attempts, nextAt: this.#house.clock.now(), problem, mayBeSent };
    if (!(await this.#insist(() => this.#house.storage.postponeOutbox(row.id, next)))) this.#lost(row);
  }

  /** What it says may be another text, or for somebody else: a person is told, and nobody is sent anything. */
  async #bury(row: OutboxRow): Promise<Done> {
    const problem = "what was stored of it is damaged";
    this.#house.log.error("a message was given up: it is damaged", inLog(row));
    if (!(await this.#insist(() => this.#house.storage.buryOutbox(row.n, problem)))) {
      return "stuck";
    }
    try {
      const { attempts } = row;
      await this.#house.sessions.append(row.key, [givenUp(row, { attempts, problem })], { mustExist: true });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#house.log.warn("that a damaged message was given up is not in its log", { ...inLog(row), error });
    }
    return "over";
  }

  async #putOff(
    row: OutboxRow,
    failure: Exclude<Delivered, { became: "sent" | "withdrawn" }>,
    held: { readonly claim: number; readonly mayBeSent: boolean },
  ): Promise<void> {
    const { id } = row;
    const { problem } = failure;
    const now = this.#house.clock.now();
    if (isAwaited(this.#house, row.to)) {
      const next = { attempts: row.attempts, nextAt: now + backoffMs(waiting, 1), problem, ...held };
      if (!(await this.#insist(() => this.#house.storage.postponeOutbox(id, next)))) this.#lost(row);
      return;
    }
    const attempts = row.attempts + 1;
    const isHopeless = failure.became === "refused" && failure.refused === "forGood";
    if (isHopeless || now - row.createdAt >= mostAgeMs || attempts >= mostAttempts) {
      this.#house.log.error("a message was given up: it could not be delivered", { ...inLog(row), attempts, problem });
      const dead = { id, as: "dead", attempts, problem, ...held } as const;
      return this.#insist(() => this.#record(row, dead, [givenUp(row, { attempts, problem })]));
    }
    const leastMs = (failure.became === "refused" && failure.retryAfterMs) || 0;
    const waitMs = leastMs + backoffMs(retry, attempts);
    this.#house.log.warn("a message was not delivered; trying again later", {
      ...inLog(row),
      attempts,
      problem,
      waitMs,
    });
    const next = { attempts, nextAt: now + waitMs, problem, ...held };
    failPoint("outbox.postpone.begin");
    if (!(await this.#insist(() => this.#house.storage.postponeOutbox(id, next)))) this.#lost(row);
  }

  /** Undefined, and nothing was sent, when the claim would not outlive the try. */
  async #attempt(row: OutboxRow, { endsAt }: Held): Promise<Delivered | undefined> {
    const { id: clientKey, to, text } = row;
    try {
      const line = lineTo(this.#house, to);
      const replyTo = await replyToOf(this.#house, line, row);
      const files = row.files && (await filesFor(this.#house.storage, row.files));
      if (files && "problem" in files) return { became: "refused", refused: "forGood", problem: files.problem };
      const message = {
        to,
        text,
        clientKey,
        ...(replyTo !== undefined && { replyTo }),
        ...(files && { files }),
        ...this.#house.tickets.for(row.runId ?? row.id),
      };
      return await this.#tryOnce(row, { line, message, endsAt });
    } catch (error) {
      this.#closing.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      return { became: "refused", refused: "forNow", problem: error.message };
    }
  }

  async #tryOnce(row: OutboxRow, { line, message, endsAt }: Try): Promise<Delivered | undefined> {
    const tryMs = longestTryMs(message);
    if (this.#house.clock.elapsed() + longestFinishMs + tryMs > endsAt) return undefined;
    const finished = message.files ? undefined : await this.#finish(row, line, message);
    if (finished && finished.became !== "gone") return finished;
    if (this.#house.clock.elapsed() + tryMs > endsAt) return undefined;
    const sent = await transmit(line, message, { mayBeSent: row.mayBeSent, signal: this.#closing });
    return sent.became === "sent" && finished?.mayBeTwice ? { ...sent, mayBeTwice: true } : sent;
  }

  /** Undefined or `gone` for what is to be sent. */
  async #finish(row: OutboxRow, line: Line, message: OutboundMessage): Promise<Finished | undefined> {
    const finished = await this.#finishShown(row, line, message);
    if (finished && finished.became !== "gone") return finished;
    return message.text === "" ? { became: "withdrawn" } : finished;
  }

  /** Undefined where the chat has seen nothing of the answer before. */
  async #finishShown(row: OutboxRow, line: Line, message: OutboundMessage): Promise<Finished | undefined> {
    const { runId } = row;
    if (runId === undefined || !isFirstPiece(row.id) || !line.connection.edit) return undefined;
    if (this.#house.previews.isOpen(runId)) return undefined;
    await this.#house.previews.settled(runId);
    const preview = await this.#house.previews.read(runId);
    if (!preview) return undefined;
    const { finishPreview } = await import("./finish-preview.ts");
    const found = (where: Preview) => this.#house.previews.write(runId, where);
    return finishPreview(message, { line, runId, preview, found, signal: this.#closing });
  }

  /** Nobody waits for it: it is known by its row that nothing is owed. */
  #forget(runId: string): void {
    this.#house.previews.forget(runId).catch((error: unknown) => {
      this.#house.log.debug("what had shown a growing answer could not be forgotten", { runId, error });
    });
  }

  /** The platform told, in this try, whether it had the message. */
  #knowsBetter(row: OutboxRow, sent: Delivered): boolean {
    if (sent.became === "withdrawn" || (sent.became === "sent" && sent.isEdit)) return true;
    const line = this.#house.lines.find(row.to);
    return line !== undefined && canTell(line) && sent.became !== "doubt";
  }

  /** Records what became of a row, and changes it, in one transaction. */
  async #record(row: OutboxRow, settlement: Settlement, events: readonly SessionEvent[]): Promise<void> {
    try {
      await this.#house.sessions.append(row.key, events, { settles: [settlement], mustExist: true });
      failPoint("outbox.deliver.recorded");
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === "claimLost") return this.#lost(row);
      if (error.code === "sessionDamaged") return this.#recordPastDamage(row, settlement, events);
      if (error.code !== "sessionNotFound") throw error;
      this.#house.log.info("a message's session was deleted while it was sent", inLog(row));
    }
  }

  /** A log that is damaged somewhere can still be written at its end, and must be: else the message would go out again. */
  async #recordPastDamage(row: OutboxRow, settlement: Settlement, events: readonly SessionEvent[]) {
    const at = this.#house.clock.now();
    const session = await this.#house.storage.sessionByKey(row.key);
    const news = events.map((event) => ({ id: newId(), at, event }));
    if (session) await this.#house.storage.append({ sessionId: session.id, events: news, settles: [settlement] });
  }

  #lost(row: OutboxRow): void {
    this.#house.log.warn("a delivery was taken over or taken away while it was under way", inLog(row));
  }

  /** Writes as soon as the storage takes it: a message must not be sent again because its record failed. */
  async #insist<T>(write: () => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await write();
      } catch (error) {
        this.#house.log.warn("the outbox could not be written; trying again", { attempts, error });
      }
      await pause(backoffMs(retry, attempts), this.#closing);
    }
  }
}

import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { Fault, fault } from "#protocol";
import type { House } from "./house.ts";

/** A request that its caller may send again, by a key that no other request has. */
export interface KeyedRequest {
  /** Unique over all callers. */
  readonly id: string;
  /** As the caller wrote it. */
  readonly key: string;
  /** Of all that was asked: the same key with another hash is a mistake. */
  readonly requestHash: string;
}

export const requestRecords = "request";

const Kept = Type.Object({
  hash: Type.String(),
  isDone: Type.Boolean(),
  result: Type.Optional(Type.Unknown()),
});

/**
 * Requests done once, with what came of them: on disk before the work begins and after it ended, so that a repetition gets
 * the same answer, also after a restart. One whose work was cut off is not begun again; its caller is told.
 */
export class Requests {
  readonly #house: House;
  readonly #underWay = new Map<string, { readonly hash: string; readonly answer: Promise<unknown> }>();

  constructor(house: House) {
    this.#house = house;
  }

  /** Repetitions wait for the first. Rejects with `idempotencyConflict`, `outcomeUnknown`, or as `work` does. */
  async once(request: KeyedRequest, work: () => Promise<unknown>): Promise<unknown> {
    const { id, key, requestHash: hash } = request;
    const first = this.#underWay.get(id);
    if (first && first.hash !== hash) throw fault.idempotencyConflict({ key });
    if (first) return first.answer;
    const answer = this.#answer(request, work).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, { hash, answer });
    return answer;
  }

  async #answer({ id, key, requestHash: hash }: KeyedRequest, work: () => Promise<unknown>): Promise<unknown> {
    const { storage } = this.#house;
    const found = await storage.record(requestRecords, id);
    if (found?.isDamaged) throw fault.outcomeUnknown({ problem: "what was kept of it is damaged" });
    if (found) return answerOf(found.data, { hash, key });
    const begun = { kind: requestRecords, id, data: JSON.stringify({ hash, isDone: false }), expected: 0 };
    if (!(await storage.writeRecords([begun]))) throw fault.outcomeUnknown({ problem: "another gateway is at it" });
    try {
      const result = (await work()) ?? null;
      await this.#keep(id, JSON.stringify({ hash, isDone: true, result }));
      return result;
    } catch (error) {
      // A refusal did nothing, so the key is free again. What else was thrown may have come after an effect.
      if (error instanceof Fault && !uncertain.has(error.code)) await this.#keep(id, undefined);
      throw error;
    }
  }

  /** The work is done whether this can be written or not; a repetition is then told that the outcome is unknown. */
  async #keep(id: string, data: string | undefined): Promise<void> {
    try {
      await this.#house.storage.writeRecords([{ kind: requestRecords, id, data }]);
    } catch (error) {
      this.#house.log.warn("what became of a request could not be kept", { error });
    }
  }
}

const uncertain: ReadonlySet<string> = new Set(["internal", "outcomeUnknown"]);

function answerOf(data: string, { hash, key }: { readonly hash: string; readonly key: string }): unknown {
  const kept: unknown = JSON.parse(data);
  if (!Check(Kept, kept)) throw new TypeError("a kept request is damaged");
  if (kept.hash !== hash) throw fault.idempotencyConflict({ key });
  if (!kept.isDone) throw fault.outcomeUnknown({ problem: "the gateway stopped or broke amid it" });
  return kept.result;
}

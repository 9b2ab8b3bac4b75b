import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { Fault, fault } from "#protocol";
import type { RecordRow } from "#storage";
import type { House } from "./house.ts";

/** A request that its caller may send again, by a key that no other request has. */
export interface KeyedRequest {
  /** Unique over all callers. */
  readonly id: string;
  /** As the caller wrote it. */
  readonly key: string;
  /** Of all that was asked: the same key with another hash is a mistake. */
  readonly requestHash: string;
  /** It may be done twice: it is begun again after it was cut off, and done when its key cannot be written. */
  readonly mayRepeat?: boolean | undefined;
  /** Its answer is not written anywhere: a repetition is told that it was done. */
  readonly answersSecret?: boolean;
}

export const requestRecords = "request";

/** In UTF-16 units. */
const longestKept = 262_144;

const Kept = Type.Object({
  hash: Type.String(),
  isDone: Type.Boolean(),
  /** Why there is no result. */
  withheld: Type.Optional(Type.String()),
  result: Type.Optional(Type.Unknown()),
});

/**
 * Requests done once, with what came of them: on disk before the work begins and after it ended, so that a repetition gets
 * the same answer, also after a restart. One whose work was cut off is not begun again; its caller is told.
 */
export class Requests {
  readonly #house: Pick<House, "log" | "storage">;
  readonly #underWay = new Map<string, { readonly hash: string; readonly answer: Promise<unknown> }>();

  constructor(house: Pick<House, "log" | "storage">) {
    this.#house = house;
  }

  /** Repetitions wait for the first. Rejects with `idempotencyConflict`, `outcomeUnknown`, `answerNotKept`, or as `work` does. */
  async once(request: KeyedRequest, work: () => Promise<unknown>): Promise<unknown> {
    const { id, key, requestHash: hash } = request;
    const first = this.#underWay.get(id);
    if (first && first.hash !== hash) throw fault.idempotencyConflict({ key });
    if (first) return first.answer;
    const answer = this.#answer(request, work).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, { hash, answer });
    return answer;
  }

  async #answer(request: KeyedRequest, work: () => Promise<unknown>): Promise<unknown> {
    const { id, requestHash: hash, mayRepeat = false, answersSecret = false } = request;
    const earlier = await this.#begin(request);
    if (earlier) return earlier.result;
    try {
      const result = (await work()) ?? null;
      await this.#keep(id, keptText({ hash, isDone: true, result }, answersSecret));
      return result;
    } catch (error) {
      // A refusal did nothing, so the key is free again. What else was thrown may have come after an effect.
      if (mayRepeat || (error instanceof Fault && !uncertain.has(error.code))) await this.#keep(id, undefined);
      throw error;
    }
  }

  /** Puts the key on disk, or answers with what came of the request before. */
  async #begin(request: KeyedRequest): Promise<{ readonly result: unknown } | undefined> {
    const { id, requestHash: hash, mayRepeat = false } = request;
    const { storage, log } = this.#house;
    try {
      const found = await storage.record(requestRecords, id);
      const earlier = found && answerOf(found, request);
      if (found) return earlier;
      const begun = { kind: requestRecords, id, data: JSON.stringify({ hash, isDone: false }), expected: 0 };
      if (await storage.writeRecords([begun])) return undefined;
    } catch (error) {
      const isDown = error instanceof Fault && error.code === "storageUnavailable";
      if (!isDown || !mayRepeat) throw error;
      log.warn("a request is done though its key could not be kept", { error });
      return undefined;
    }
    throw fault.outcomeUnknown({ problem: "another gateway is at it" });
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

function keptText(done: Static<typeof Kept>, isSecret: boolean): string {
  const { hash, isDone } = done;
  const withheld = (why: string) => JSON.stringify({ hash, isDone, withheld: why } satisfies Static<typeof Kept>);
  if (isSecret) return withheld("it held a secret");
  const text = JSON.stringify(done);
  return text.length > longestKept ? withheld("it was too long") : text;
}

/** Undefined for one that was cut off, and may be begun again. */
function answerOf(
  { data, isDamaged }: RecordRow,
  { key, requestHash, mayRepeat = false }: KeyedRequest,
): { readonly result: unknown } | undefined {
  if (isDamaged) throw fault.outcomeUnknown({ problem: "what was kept of it is damaged" });
  const kept: unknown = JSON.parse(data);
  if (!Check(Kept, kept)) throw new TypeError("a kept request is damaged");
  if (kept.hash !== requestHash) throw fault.idempotencyConflict({ key });
  if (kept.withheld !== undefined) throw fault.answerNotKept({ key, why: kept.withheld });
  if (kept.isDone) return { result: kept.result };
  if (mayRepeat) return undefined;
  throw fault.outcomeUnknown({ problem: "the gateway stopped or broke amid it" });
}

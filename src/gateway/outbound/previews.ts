import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { Storage } from "#storage";

export const previewRecords = "outbound-preview";

/** A message that shows the answer of a turn while it grows, and is to become its first piece. */
const Preview = Type.Object({
  /** Absent when it was begun and nobody heard how that ended. */
  messageId: Type.Optional(Type.String()),
  /** An earlier one may be there too, of which nobody heard. */
  mayBeTwice: Type.Optional(Type.Literal(true)),
});
export type Preview = Static<typeof Preview>;

/** The same in every life of the turn, so that the platform may know by it what it has. */
export function previewKey(runId: string): string {
  return `preview-${runId}`;
}

interface Live {
  isOpen: boolean;
  isBegun: boolean;
  step: Promise<unknown>;
}

/**
 * Which turns show their answers while those grow. It is on disk before a platform is asked to begin one, so that whoever
 * delivers the answer, in this life or the next, finds what may be there.
 */
export class Previews implements Disposable {
  readonly #storage: Pick<Storage, "record" | "writeRecords">;
  readonly #closing = new AbortController();
  readonly #live = new Map<string, Live>();

  constructor(storage: Pick<Storage, "record" | "writeRecords">) {
    this.#storage = storage;
  }

  /** Aborts when the gateway closes: what is under way then is in doubt, and is for the next start to find. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The turn may show its answer until it is closed. */
  open(runId: string): void {
    this.#live.set(runId, { isOpen: true, isBegun: false, step: Promise.resolve() });
  }

  /** From now on no step is begun, because the answer is about to be recorded. */
  close(runId: string): void {
    const live = this.#live.get(runId);
    if (live) live.isOpen = false;
  }

  /** Closed, and forgotten as soon as nothing is under way. */
  async end(runId: string): Promise<void> {
    this.close(runId);
    await this.settled(runId);
    this.#live.delete(runId);
  }

  /** Its turn goes on: what it sends meanwhile is not its answer. */
  isOpen(runId: string): boolean {
    return this.#live.get(runId)?.isOpen ?? false;
  }

  /** Resolves when the platform is not being told anything of it any more; a word that comes late would replace the answer. */
  async settled(runId: string): Promise<void> {
    await this.#live.get(runId)?.step;
  }

  /** One step; undefined, and nothing is done, when the turn is closed. */
  async step<T>(runId: string, work: () => Promise<T>): Promise<T | undefined> {
    const live = this.#live.get(runId);
    if (!live?.isOpen) return undefined;
    live.isBegun = true;
    const step = work();
    live.step = step.catch(() => undefined);
    return step;
  }

  /** There may be one, here or from an earlier life. */
  async mayBe(runId: string): Promise<boolean> {
    return this.#live.get(runId)?.isBegun === true || (await this.#storage.record(previewRecords, runId)) !== undefined;
  }

  async read(runId: string): Promise<Preview | undefined> {
    const row = await this.#storage.record(previewRecords, runId);
    const preview: unknown = row && JSON.parse(row.data);
    return Check(Preview, preview) ? preview : undefined;
  }

  async write(runId: string, preview: Preview): Promise<void> {
    await this.#storage.writeRecords([{ kind: previewRecords, id: runId, data: JSON.stringify(preview) }]);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  /** The platform has nothing, or what it has is the answer. */
  async forget(runId: string): Promise<void> {
    await this.#storage.writeRecords([{ kind: previewRecords, id: runId, data: undefined }]);
  }
}

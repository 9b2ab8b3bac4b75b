import type { Address, Delta } from "#protocol";
import type { Started } from "#scheduler";
import type { ActiveRun } from "./gateway.ts";

/** Why a turn was told to stop; what the log says of it depends on who told it. */
export type StopCause = "asked" | "timeout" | "closing";

/** One turn from its place in the lane to its ending. */
export class Run {
  readonly runId: string;
  readonly sessionKey: string;
  readonly from: Address;
  readonly startedAt: number;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #isRunning = false;
  #stopCause: StopCause | undefined;
  #started: Started | undefined;
  #text = "";

  constructor(about: Pick<Run, "runId" | "sessionKey" | "from" | "startedAt">) {
    this.runId = about.runId;
    this.sessionKey = about.sessionKey;
    this.from = about.from;
    this.startedAt = about.startedAt;
  }

  /** Aborts when the turn must stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get stopCause(): StopCause | undefined {
    return this.#stopCause;
  }

  /** Resolves when nothing of the turn goes on any more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  placed(started: Started): void {
    this.#started = started;
  }

  begin(): void {
    this.#isRunning = true;
  }

  said(delta: Delta): void {
    if (delta.kind === "TextDelta") this.#text += delta.text;
  }

  end(): void {
    this.#ended.resolve();
  }

  /** Takes it out of the lane; false when it runs already. */
  withdraw(): boolean {
    return this.#started?.withdraw() ?? false;
  }

  /** The first cause stays. */
  stop(cause: StopCause): void {
    this.#stopCause ??= cause;
    this.#stop.abort();
  }

  view(): ActiveRun {
    return {
      runId: this.runId,
      sessionKey: this.sessionKey,
      status: this.#isRunning ? "running" : "queued",
      startedAt: this.startedAt,
      text: this.#text,
    };
  }
}

import type { Address, Delta, EventOf } from "#protocol";
import type { Started } from "#scheduler";
import type { ActiveRun } from "./gateway.ts";

/** Why a turn was told to stop; what the log says of it depends on who told it. */
export type StopCause = "asked" | "timeout" | "closing";

/** On its way to the disk, in its lane, at work, over. */
type Stage = "arriving" | "waiting" | "running" | "ended";

const next: Readonly<Record<Stage, readonly Stage[]>> = {
  arriving: ["waiting", "ended"],
  waiting: ["running", "ended"],
  running: ["ended"],
  ended: [],
};

/** One turn from the arrival of its message to its ending. */
export class Run {
  readonly runId: string;
  readonly sessionKey: string;
  readonly from: Address;
  readonly startedAt: number;
  /** Calls of tools that a crash cut off; none when the turn is new. */
  readonly unfinished: readonly EventOf<"ToolCalled">[];
  readonly #stop = new AbortController();
  readonly #closing = new AbortController();
  readonly #arrived = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #stage: Stage = "arriving";
  #stopCause: StopCause | undefined;
  #started: Started | undefined;
  #begunAt: number | undefined;
  #text = "";
  #stepAt = 0;

  constructor(about: Pick<Run, "runId" | "sessionKey" | "from" | "startedAt"> & Partial<Pick<Run, "unfinished">>) {
    this.runId = about.runId;
    this.sessionKey = about.sessionKey;
    this.from = about.from;
    this.startedAt = about.startedAt;
    this.unfinished = about.unfinished ?? [];
  }

  /** Aborts when the turn must stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts when the gateway closes, whatever else had stopped the turn before. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get stopCause(): StopCause | undefined {
    return this.#stopCause;
  }

  /** Its message is on its way to the disk. */
  get isArriving(): boolean {
    return this.#stage === "arriving";
  }

  /** Its message is on disk, and it has not ended. */
  get isActive(): boolean {
    return this.#stage === "waiting" || this.#stage === "running";
  }

  /** Resolves when it is in its lane, or was not taken. */
  get arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  /** Resolves when nothing of the turn goes on any more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** `start` puts it into its lane, where it may begin at once. */
  place(start: () => Started): void {
    this.#enter("waiting");
    this.#started = start();
    this.#arrived.resolve();
  }

  begin(at: number): void {
    this.#enter("running");
    this.#begunAt = at;
  }

  said(delta: Delta): void {
    if (delta.kind === "TextDelta") this.#text += delta.text;
  }

  /** What comes next is another word of the model's, after its tools. */
  endStep(): void {
    this.#stepAt = this.#text.length;
  }

  /** What the model says now; what it said before its tools were done is not of the answer. */
  get stepText(): string {
    return this.#text.slice(this.#stepAt);
  }

  end(): void {
    this.#enter("ended");
    this.#arrived.resolve();
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
    if (cause === "closing") this.#closing.abort();
  }

  view(): ActiveRun {
    return {
      runId: this.runId,
      sessionKey: this.sessionKey,
      status: this.#stage === "running" ? "running" : "queued",
      startedAt: this.startedAt,
      ...(this.#begunAt !== undefined && { begunAt: this.#begunAt }),
      text: this.#text,
    };
  }

  /** The only place the stage changes. */
  #enter(stage: Stage): void {
    if (!next[this.#stage].includes(stage)) throw new Error(`a turn cannot go from ${this.#stage} to ${stage}`);
    this.#stage = stage;
  }
}

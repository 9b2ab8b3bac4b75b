import { type Static, Type } from "@sinclair/typebox";
import type { LiveNode } from "./live-node.ts";

/** What a node is asked to do. */
export interface NodeRequest {
  readonly command: string;
  readonly paramsJson: string | undefined;
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
}

/** How that ended. Beyond `ok` and `failed` nobody knows what the node has done. */
export const Outcome = Type.Union([
  Type.Object({ ended: Type.Literal("ok"), payloadJson: Type.Optional(Type.String()) }),
  Type.Object({ ended: Type.Literal("failed"), code: Type.String(), message: Type.String() }),
  Type.Object({ ended: Type.Literal("timedOut"), timeoutMs: Type.Number() }),
  Type.Object({ ended: Type.Literal("left") }),
  Type.Object({ ended: Type.Literal("cancelled") }),
]);
export type Outcome = Static<typeof Outcome>;

/** One question to one node, on the connection it was asked on, until its one ending. */
export class Invocation {
  readonly id = crypto.randomUUID();
  readonly node: LiveNode;
  readonly #outcome = Promise.withResolvers<Outcome>();
  readonly #onEnd: (outcome: Outcome) => void;
  #timer: Timer | undefined;
  #waiting = 0;
  #hasEnded = false;

  constructor(node: LiveNode, onEnd: (outcome: Outcome) => void) {
    this.node = node;
    this.#onEnd = onEnd;
  }

  ask({ command, paramsJson, timeoutMs, idempotencyKey }: NodeRequest): void {
    const { id, node } = this;
    this.#timer = setTimeout(() => this.#giveUp({ ended: "timedOut", timeoutMs }), timeoutMs);
    node.tell("node.invoke.request", {
      id,
      nodeId: node.nodeId,
      command,
      ...(paramsJson !== undefined && { paramsJSON: paramsJson }),
      timeoutMs,
      idempotencyKey,
    });
  }

  end(outcome: Outcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#onEnd(outcome);
    this.#outcome.resolve(outcome);
  }

  /** Rejects when the signal aborts. When nobody waits any more, the node is told to stop. */
  async outcome(signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted();
    const gone = Promise.withResolvers<never>();
    const leave = () => gone.reject(new Error("the caller has gone", { cause: signal.reason }));
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting++;
    try {
      return await Promise.race([this.#outcome.promise, gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      if (--this.#waiting === 0) this.#giveUp({ ended: "cancelled" });
    }
  }

  #giveUp(outcome: Outcome): void {
    if (this.#hasEnded) return;
    this.end(outcome);
    this.node.tell("node.invoke.cancel", { invokeId: this.id, nodeId: this.node.nodeId });
  }
}

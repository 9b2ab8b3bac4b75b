import { type Clock, Lru } from "#base";
import { fault } from "#protocol";
import { Invocation, type NodeRequest, type Outcome } from "./invocation.ts";
import type { LiveNode } from "./live-node.ts";

const mostOfOneNode = 64;
const mostInAll = 256;
/** Who lost the answer asks again soon, or not at all. */
const keptMs = 10 * 60_000;
const keptBytes = 4 * 1024 * 1024;
/** What an answer costs beside its text, about. */
const overheadBytes = 512;

interface Kept {
  readonly fingerprint: string;
  readonly outcome: Outcome;
  readonly at: number;
}

/** A request under the key that makes it one, however often it is sent. */
export interface KeyedRequest {
  /** Of this caller alone: nobody learns by another's key. */
  readonly key: string;
  /** Equal for equal requests. */
  readonly fingerprint: string;
}

/** What nodes were asked and have not answered yet; and, for a while, what became of it. */
export class Invocations {
  readonly #open = new Map<string, Invocation>();
  readonly #running = new Map<string, { readonly fingerprint: string; readonly invocation: Invocation }>();
  readonly #kept = new Lru<string, Kept>({
    budget: keptBytes,
    weigh: ({ outcome }) => overheadBytes + (outcome.ended === "ok" ? (outcome.payloadJson?.length ?? 0) * 2 : 0),
  });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same request again gets what the first one gets or got. Throws `idempotencyConflict` for another under its key. */
  earlier({ key, fingerprint }: KeyedRequest, signal: AbortSignal): Promise<Outcome> | Outcome | undefined {
    const running = this.#running.get(key);
    const kept = running ? undefined : this.#fresh(key);
    const before = running ?? kept;
    if (!before) return undefined;
    if (before.fingerprint !== fingerprint) throw fault.idempotencyConflict({ key: key.slice(key.indexOf(" ") + 1) });
    return running ? running.invocation.outcome(signal) : kept?.outcome;
  }

  /** Throws `tooManyRequests` when too much is open. */
  ask(node: LiveNode, request: NodeRequest, { key, fingerprint }: KeyedRequest): Invocation {
    this.#checkRoom(node);
    const invocation = new Invocation(node, (outcome) => {
      this.#open.delete(invocation.id);
      this.#running.delete(key);
      this.#kept.set(key, { fingerprint, outcome, at: this.#clock.elapsed() });
    });
    this.#open.set(invocation.id, invocation);
    this.#running.set(key, { fingerprint, invocation });
    invocation.ask(request);
    return invocation;
  }

  /** One that is open, and was asked of that connection: no other node may speak for it. */
  find(id: string, node: LiveNode): Invocation | undefined {
    const invocation = this.#open.get(id);
    return invocation?.node === node ? invocation : undefined;
  }

  left(node: LiveNode): void {
    for (const invocation of this.#of(node)) invocation.end({ ended: "left" });
  }

  close(): void {
    for (const invocation of this.#open.values()) invocation.end({ ended: "left" });
  }

  #fresh(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (!kept || this.#clock.elapsed() - kept.at <= keptMs) return kept;
    this.#kept.delete(key);
    return undefined;
  }

  #checkRoom(node: LiveNode): void {
    const isFull = this.#open.size >= mostInAll || this.#of(node).length >= mostOfOneNode;
    if (isFull) {
      throw fault.tooManyRequests({ problem: "Too much is asked of nodes at once", retryAfterMs: 1_000 });
    }
  }

  #of(node: LiveNode): Invocation[] {
    return [...this.#open.values()].filter((invocation) => invocation.node === node);
  }
}

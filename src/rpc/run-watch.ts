import type { WireEvent } from "./wire-events.ts";

/** Sees the end of one run. */
export interface RunWatch extends Disposable {
  /** True when it ended, false when the time was over. Rejects when the signal aborts. */
  ended(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

/** Those who wait for the end of a run, told as it is told to everyone. */
export class RunWatches {
  readonly #waiting = new Map<string, Set<() => void>>();

  take(event: WireEvent): void {
    if (event.name !== "chat" || event.payload.state === "delta") return;
    for (const wake of this.#waiting.get(event.payload.runId) ?? []) wake();
  }

  watch(runId: string): RunWatch {
    const { promise, resolve } = Promise.withResolvers<true>();
    const wake = () => resolve(true);
    const others = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, others.add(wake));
    return {
      ended: (timeoutMs, signal) => within(promise, timeoutMs, signal),
      [Symbol.dispose]: () => {
        others.delete(wake);
        if (others.size === 0) this.#waiting.delete(runId);
      },
    };
  }
}

async function within(ended: Promise<true>, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const stop = () => reject(new Error("the caller has gone", { cause: signal.reason }));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([ended, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

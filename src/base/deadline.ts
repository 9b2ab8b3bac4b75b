/** Aborts with another signal, or when its time is over; disposed, it does neither and leaves nothing behind. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * For what is done many times a second: what `AbortSignal.timeout` makes stays in memory until its time is over, however
 * soon the work was done. Dispose of it when nothing of the work goes on any more.
 */
export function deadline(signal: AbortSignal, ms: number): Deadline {
  const bounded = new AbortController();
  const follow = () => bounded.abort(signal.reason);
  const timer = setTimeout(() => bounded.abort(new DOMException("The operation timed out.", "TimeoutError")), ms);
  timer.unref();
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return {
    signal: bounded.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener("abort", follow);
    },
  };
}

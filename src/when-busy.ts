import type { Clock } from "#base";
import type { Sessions } from "#sessions";

/** So many messages delivered to platforms within so long: far more than one person's assistant, or a small machine, ever has to. */
const leastDelivered = 1_000;
const withinMs = 5_000;

/** Tells once that the gateway serves a crowd. */
export function whenBusy(sessions: Pick<Sessions, "subscribe">, clock: Clock, tell: () => void): Disposable {
  let [since, delivered] = [clock.elapsed(), 0];
  const stop = sessions.subscribe((notice) => {
    if (notice.type !== "appended") return;
    for (const { event } of notice.events) if (event.kind === "MessageSent") delivered++;
    if (clock.elapsed() - since > withinMs) [since, delivered] = [clock.elapsed(), 0];
    if (delivered < leastDelivered) return;
    stop();
    tell();
  });
  return { [Symbol.dispose]: stop };
}

import type { Clock, Log } from "#base";
import type { Refusal, RefusalCode } from "./refusal.ts";

/** Tells the operator who was turned away and why: one line a second for each reason, so that nobody can flood the log. */
export function createRefusalLog(log: Log, clock: Clock): (refusal: Refusal, peer: string) => void {
  const last = new Map<RefusalCode, { at: number; silent: number }>();
  return ({ code, status, message }, peer) => {
    const before = last.get(code);
    if (before && clock.elapsed() - before.at < 1_000) {
      before.silent += 1;
      return;
    }
    last.set(code, { at: clock.elapsed(), silent: 0 });
    log.warn("a request was refused", { code, status, because: message, peer, notLogged: before?.silent ?? 0 });
  };
}

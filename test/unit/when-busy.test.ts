import { newId } from "#base";
import type { SessionEvent } from "#protocol";
import type { SessionNotice } from "#sessions";
import { expect, test } from "bun:test";
import { whenBusy } from "../../src/when-busy.ts";

/** So many notices at even distances over so long. */
function after(event: SessionEvent, count: number, overMs: number) {
  const listeners = new Set<(notice: SessionNotice) => void>();
  const subscribe = (listener: (notice: SessionNotice) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const time = { ms: 0 };
  const clock = { now: () => time.ms, elapsed: () => time.ms };
  const told = { times: 0 };
  using _ = whenBusy({ subscribe }, clock, () => told.times++);
  for (let seq = 1; seq <= count; seq++) {
    time.ms += overMs / count;
    const events = [{ id: newId(), sessionId: "s", seq, at: time.ms, event, hash: "" }];
    for (const tell of listeners) tell({ type: "appended", key: "k", agentId: "main", events });
  }
  return told.times;
}

const sent: SessionEvent = {
  kind: "MessageSent",
  to: { channel: "slack", chat: "c" },
  text: "hello",
  messageId: "m",
};
const started: SessionEvent = { kind: "SessionStarted", key: "k", agentId: "main", channel: "internal" };

test.each([
  ["a thousand messages that were delivered within seconds", sent, 1_100, 4_000, 1],
  ["ten times as many, only once", sent, 10_000, 30_000, 1],
  ["as many over minutes", sent, 1_100, 300_000, 0],
  ["what is told to nobody on a platform", started, 10_000, 4_000, 0],
])("a crowd is served: %s", (_what, event, count, overMs, times) => {
  expect(after(event, count, overMs)).toBe(times);
});

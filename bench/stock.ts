import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { silentLog, systemClock } from "#base";
import { noUsage, type SessionEvent } from "#protocol";
import { createSessions } from "#sessions";
import { openSqlite, type Storage } from "#storage";

/** Sessions as they would be after a long life, written by the storage itself. */
export interface Stock {
  readonly sessions: number;
  readonly eventsEach: number;
  readonly textBytes: number;
}

const eventsAtOnce = 500;
const appendsAtOnce = 64;

export function openStock(home: string): Storage {
  mkdirSync(join(home, "state"), { recursive: true });
  return openSqlite({ path: join(home, "state/openclaw.db"), log: silentLog, clock: systemClock });
}

/** Writes them, as the sessions room does; their keys are `agent:main:<name>-<n>`. */
export async function fill(storage: Storage, name: string, { sessions, eventsEach, textBytes }: Stock): Promise<void> {
  const text = "word ".repeat(Math.ceil(textBytes / 5)).slice(0, textBytes);
  await using room = createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 1 << 20 });
  const left = Array.from({ length: sessions }, (_, n) => n);
  await Promise.all(
    Array.from({ length: appendsAtOnce }, async () => {
      for (let n = left.pop(); n !== undefined; n = left.pop()) {
        const key = `agent:main:${name}-${n}`;
        for (let at = 1; at < eventsEach; at += eventsAtOnce) {
          const count = Math.min(eventsAtOnce, eventsEach - at);
          await room.append(
            key,
            Array.from({ length: count }, (_, i) => said(key, at + i, text)),
          );
        }
      }
    }),
  );
}

/** Questions and answers by turns; the first event of a session is its beginning. */
function said(key: string, at: number, text: string): SessionEvent {
  const runId = `${key}-${(at + 1) >> 1}`;
  const from = { channel: "webchat", chat: key };
  if (at % 2 === 1) return { kind: "MessageReceived", runId, messageId: runId, from, sender: "operator", text };
  const by = { provider: "fake", model: "fake-1", usage: noUsage };
  return { kind: "AgentResponse", runId, text, toolCalls: [], stopReason: "stop", ...by };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, silentLog, systemClock } from "#base";
import type { EventOf, SessionEvent } from "#protocol";
import { type Append, type NewEvent, openSqlite, type Storage } from "#storage";

/** A folder of its own, gone when the test is over. */
export function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "openclaw-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function openSqliteFile(path: string): Storage {
  return openSqlite({ path, log: silentLog, clock: systemClock });
}

export function newEvent(event: SessionEvent, at = 1_000): NewEvent {
  return { id: newId(), at, event };
}

export function started(key: string): SessionEvent {
  return { kind: "SessionStarted", key, agentId: "main", channel: "webchat" };
}

export function received(runId: string, text: string): SessionEvent {
  const from = { channel: "webchat", chat: "c" };
  return { kind: "MessageReceived", runId, messageId: `m-${runId}`, from, sender: "u", text };
}

export function answered(
  runId: string,
  text: string,
  more: Partial<EventOf<"AgentResponse">> = {},
): EventOf<"AgentResponse"> {
  const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  return {
    kind: "AgentResponse",
    runId,
    text,
    toolCalls: [],
    stopReason: "stop",
    provider: "demo",
    model: "demo",
    usage,
    ...more,
  };
}

/** Opens a session with its `SessionStarted` and whatever else. */
export function opening(sessionId: string, key: string, events: readonly SessionEvent[] = []): Append {
  return {
    sessionId,
    opens: { key, agentId: "main" },
    events: [started(key), ...events].map((event) => newEvent(event)),
  };
}

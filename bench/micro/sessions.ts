import { noUsage, type SessionEvent, type StoredEvent } from "#protocol";
import { bench, group } from "mitata";
import { conversationUpTo } from "../../src/sessions/conversation.ts";
import { applyEvent, emptyFold } from "../../src/sessions/fold.ts";
import { encodeEvent } from "../../src/storage/event-text.ts";
import { linkHash } from "../../src/storage/hash-chain.ts";

const sessionId = "01890a5d-ac96-774b-bcce-b302099a8057";
const hash = "0".repeat(64);

export function benchSessions(): void {
  const question: SessionEvent = {
    kind: "MessageReceived",
    runId: "run-1",
    messageId: "message-1",
    from: { channel: "webchat", chat: "agent:main:main" },
    sender: "operator",
    text: "What is the weather like today, and do I need an umbrella?",
  };
  group("sessions", () => {
    bench("event to text, checked", () => encodeEvent(question));
    const { text } = encodeEvent(question);
    const link = { sessionId, seq: 7, id: sessionId, at: 1_700_000_000_000, parentId: sessionId, kind: question.kind };
    bench("hash link", () => linkHash(hash, { ...link, data: text }));

    const full = turns(300).reduce(applyEvent, emptyFold);
    const next = stored(full.seq + 1, question);
    bench("fold one event into a full window", () => applyEvent(full, next));
    const said = full.window.entries.map(({ event }) => event);
    bench("conversation of a full window", () => conversationUpTo(said, "run-300"));
  });
}

function turns(count: number): StoredEvent[] {
  return Array.from({ length: count }, (_, i): StoredEvent[] => {
    const runId = `run-${i + 1}`;
    const from = { channel: "webchat", chat: "agent:main:main" };
    return [
      stored(2 * i + 1, { kind: "MessageReceived", runId, messageId: runId, from, sender: "operator", text: "hello" }),
      stored(2 * i + 2, {
        kind: "AgentResponse",
        runId,
        text: "Hello there.",
        toolCalls: [],
        stopReason: "stop",
        provider: "fake",
        model: "fake-1",
        usage: noUsage,
      }),
    ];
  }).flat();
}

function stored(seq: number, event: SessionEvent): StoredEvent {
  return { id: `event-${seq}`, sessionId, seq, at: 1_700_000_000_000, hash, event };
}

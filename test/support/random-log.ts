import { newId } from "#base";
import { type EventOf, noUsage, ownAnswer, type SessionEvent } from "#protocol";

type Roll = (sides: number) => number;

const words = [
  "hello",
  "wörld",
  "\u202e",
  "a\nb",
  '"quoted"',
  "日本",
  "\u0000",
  "",
  "x".repeat(300),
  "🦀",
  "</script>",
];

/** What could have happened in a session, whole turns with tools, errors and settings; it has no beginning. */
export function randomEvents(roll: Roll, turns: number): SessionEvent[] {
  return Array.from({ length: turns }, () => (roll(4) === 0 ? [aside(roll)] : turn(roll))).flat();
}

function turn(roll: Roll): SessionEvent[] {
  const runId = newId();
  const from = { channel: "pigeon", chat: text(roll), ...(roll(2) === 0 ? { account: "a", thread: "t" } : {}) };
  const events: SessionEvent[] = [
    { kind: "MessageReceived", runId, messageId: newId(), from, sender: text(roll), text: text(roll), ...files(roll) },
  ];
  for (let step = roll(3); step > 0; step--) {
    const calls = Array.from({ length: 1 + roll(2) }, () => ({ id: newId(), name: "look", args: anything(roll) }));
    events.push(answer(roll, runId, { stopReason: "toolUse", toolCalls: calls }));
    for (const { id: callId, name: tool, args: params } of calls) {
      events.push({ kind: "ToolCalled", runId, callId, tool, params });
      events.push({
        kind: "ToolResult",
        runId,
        callId,
        tool,
        success: roll(3) > 0,
        result: text(roll),
        durationMs: roll(99),
      });
    }
  }
  events.push(ending(roll, runId));
  if (roll(3) === 0) events.push({ kind: "MessageSent", messageId: newId(), to: from, text: text(roll), runId });
  return events;
}

function files(roll: Roll): Pick<EventOf<"MessageReceived">, "files"> {
  if (roll(4) > 0) return {};
  const file = { blob: "ab".repeat(32), mimeType: "image/png", bytes: roll(99) };
  return { files: [file, { ...file, name: text(roll) }] };
}

function ending(roll: Roll, runId: string): SessionEvent {
  const problem = { kind: "timeout", message: text(roll) };
  const endings: readonly Partial<EventOf<"AgentResponse">>[] = [
    { stopReason: "stop", text: `said ${text(roll)}`, askedAt: roll(1_000_000) },
    { stopReason: "length", thinking: text(roll), prompt: { hash: "0".repeat(64), upTo: 1 + roll(9) } },
    { stopReason: "error", problem },
    { stopReason: "aborted", text: "", ...ownAnswer },
  ];
  return answer(roll, runId, endings[roll(endings.length)] ?? {});
}

function answer(roll: Roll, runId: string, more: Partial<EventOf<"AgentResponse">>): SessionEvent {
  const usage =
    roll(2) === 0 ? noUsage : { input: roll(999), output: roll(99), cacheRead: roll(9), cacheWrite: roll(9) };
  const said = {
    text: text(roll),
    toolCalls: [],
    stopReason: "stop" as const,
    provider: "fake",
    model: "fake-1",
    usage,
  };
  return { kind: "AgentResponse", runId, ...said, ...more };
}

function state(key: string, value: unknown): SessionEvent {
  return { kind: "StateChanged", key, value };
}

/** What belongs to no turn. */
function aside(roll: Roll): SessionEvent {
  const asides: readonly SessionEvent[] = [
    { kind: "MessageSent", messageId: newId(), to: { channel: "pigeon", chat: "c" }, text: text(roll) },
    state("model", ["fake/fake-1", "fake/a/b", "bare", null][roll(4)]),
    state("thinking", ["low", null, 3][roll(3)]),
    state("label", [text(roll), null][roll(2)]),
    state("whatever", anything(roll)),
    state("transcript.entry", { type: "compaction", summary: text(roll), firstKeptEntryId: "x" }),
    state("transcript.entry", "no entry"),
  ];
  return asides[roll(asides.length)] ?? state("none", null);
}

function anything(roll: Roll): unknown {
  return [text(roll), roll(99), null, true, { deep: [text(roll), { x: roll(9) }] }, [], {}][roll(7)];
}

function text(roll: Roll): string {
  return Array.from({ length: roll(4) }, () => words[roll(words.length)]).join(" ");
}

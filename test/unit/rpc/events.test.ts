import { noUsage, type EventOf, type SessionEvent } from "#protocol";
import { wireEvents } from "#rpc";
import { Value } from "@sinclair/typebox/value";
import { expect, test } from "bun:test";
import { EventFeed } from "../../../src/rpc/event-feed.ts";
import type { WireEvent } from "../../../src/rpc/wire-events.ts";
import { House } from "../../support/rpc-house.ts";

type Told = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A feed over a house; what it tells is checked against the list of events. */
function follow() {
  const house = new House();
  const told: WireEvent[] = [];
  const feed = new EventFeed({
    rowOf: house.services.transcriptRow,
    emit: (event) => {
      const kind = wireEvents.find((one) => one.name === event.name);
      expect(kind && [...Value.Errors(kind.payload, JSON.parse(JSON.stringify(event.payload)))]).toEqual([]);
      told.push(event);
    },
  });
  house.listeners.add((notice) => feed.take(notice));
  return {
    house,
    /** What was told since the last time it was asked. */
    told: () => told.splice(0).map(({ name, payload }): Told => ({ name, ...payload })),
    droppable: () => told.splice(0).map(({ name, isDroppable }) => [name, isDroppable]),
    say: (event: SessionEvent) => house.append("main", event),
    stream: (text: string, kind: "TextDelta" | "ThinkingDelta" = "TextDelta", runId = "r1") =>
      house.notice({ type: "delta", key: "main", agentId: "main", delta: { kind, runId, text } }),
  };
}

const received = (runId = "r1"): SessionEvent => ({
  kind: "MessageReceived",
  runId,
  messageId: runId,
  from: { channel: "webchat", chat: "main" },
  sender: "operator",
  text: "question",
});

const response = (change: Partial<EventOf<"AgentResponse">> = {}): SessionEvent => ({
  kind: "AgentResponse",
  runId: "r1",
  text: "answer",
  toolCalls: [],
  stopReason: "stop",
  provider: "demo",
  model: "demo",
  usage: noUsage,
  ...change,
});

const finalMessage = (text: string) => ({ role: "assistant", content: [{ type: "text", text }], timestamp: 1_000 });
const ofRun = { sessionKey: "main", runId: "r1" };

test("a turn is told from its message to its answer", () => {
  const { told, say, stream } = follow();
  say(received());
  expect(told()).toEqual([
    expect.objectContaining({
      name: "message",
      sessionKey: "main",
      message: expect.objectContaining({ role: "user" }),
    }),
    { name: "typing", sessionKey: "main", isTyping: true },
    { name: "sessions.changed", ...ofRun, reason: "send" },
  ]);
  stream("hm", "ThinkingDelta");
  stream("ans");
  stream("wer");
  expect(told()).toEqual([
    { name: "agent.thinking", ...ofRun, text: "hm" },
    { name: "agent.text", ...ofRun, text: "ans" },
    { name: "chat", ...ofRun, state: "delta", deltaText: "ans" },
    { name: "agent.text", ...ofRun, text: "wer" },
    { name: "chat", ...ofRun, state: "delta", deltaText: "wer" },
  ]);
  say(response());
  expect(told()).toEqual([
    expect.objectContaining({ name: "message", message: expect.objectContaining({ role: "assistant", seq: 2 }) }),
    { name: "chat", ...ofRun, state: "final", message: finalMessage("answer"), stopReason: "stop", usage: noUsage },
    { name: "typing", sessionKey: "main", isTyping: false },
    { name: "sessions.changed", ...ofRun, reason: "end" },
  ]);
});

test("tools are told by name, and over several steps the deltas add up to what the final says", () => {
  const { told, say, stream } = follow();
  say(received());
  stream("I ");
  stream("look.");
  say(response({ text: "I look.", stopReason: "toolUse", toolCalls: [{ id: "c1", name: "clock", args: {} }] }));
  say({ kind: "ToolCalled", runId: "r1", callId: "c1", tool: "clock", params: { zone: "UTC" } });
  say({
    kind: "ToolResult",
    runId: "r1",
    callId: "c1",
    tool: "clock",
    success: true,
    result: "x".repeat(20_000),
    durationMs: 5,
  });
  say(response({ text: "", stopReason: "toolUse" }));
  stream("It is ");
  stream("noon.");
  say(response({ text: "It is noon." }));
  const all = told() as { name: string; state?: string; deltaText?: string; message?: unknown; result?: string }[];
  expect(all.find((event) => event.name === "agent.tool.start")).toEqual({
    name: "agent.tool.start",
    ...ofRun,
    callId: "c1",
    tool: "clock",
    params: { zone: "UTC" },
  } as never);
  const result = all.find((event) => event.name === "agent.tool.result");
  expect(result).toMatchObject({ callId: "c1", tool: "clock", success: true, durationMs: 5 });
  expect(result?.result).toHaveLength(8 * 1024);
  const chat = all.filter((event) => event.name === "chat");
  const whole = "I look.\n\nIt is noon.";
  expect(chat.map((event) => event.deltaText ?? "").join("")).toBe(whole);
  expect(chat.at(-1)?.message).toEqual(finalMessage(whole));
  expect(chat.filter((event) => event.state !== "delta")).toHaveLength(1);
});

test.each([
  ["stop", "final"],
  ["length", "final"],
  ["aborted", "aborted"],
  ["error", "error"],
] as const)("a turn that ended with %s is %s, with what was said, once", (stopReason, state) => {
  const { told, say } = follow();
  const problem = { kind: "modelDown", message: "The model is down." };
  say(response({ text: "half", stopReason, ...(state === "error" && { problem }) }));
  say(response({ text: "half", stopReason }));
  const chat = told().filter((event) => event.name === "chat");
  expect(chat).toEqual([
    {
      name: "chat",
      ...ofRun,
      state,
      stopReason,
      message: finalMessage("half"),
      usage: noUsage,
      ...(state === "error" && { errorMessage: "The model is down." }),
    },
  ]);
});

test("a turn without a word ends without one, and a delta after the end is not told", () => {
  const { told, say, stream } = follow();
  say(response({ text: "", stopReason: "aborted" }));
  stream("late");
  expect(told()).toEqual([
    { name: "typing", sessionKey: "main", isTyping: true },
    expect.objectContaining({ name: "message", message: expect.objectContaining({ role: "assistant", seq: 1 }) }),
    { name: "chat", ...ofRun, state: "aborted", stopReason: "aborted", usage: noUsage },
    { name: "typing", sessionKey: "main", isTyping: false },
    { name: "sessions.changed", ...ofRun, reason: "end" },
  ]);
});

test("what the steps of a turn used is told in one sum with its end, and each step is a row", () => {
  const { told, say } = follow();
  const usage = { input: 3, output: 2, cacheRead: 1, cacheWrite: 0 };
  say(received());
  say(response({ text: "I look.", stopReason: "toolUse", usage }));
  say(response({ usage }));
  const all = told();
  expect(all.filter(({ name }) => name === "message")).toHaveLength(3);
  expect(all.find(({ name }) => name === "chat")).toMatchObject({
    state: "final",
    usage: { input: 6, output: 4, cacheRead: 2, cacheWrite: 0 },
  });
});

test("typing begins with the first turn of a session and ends with the last", () => {
  const { told, say } = follow();
  say(received("r1"));
  say(received("r2"));
  say(response({ runId: "r1" }));
  say(received("r3"));
  say(response({ runId: "r2" }));
  say(response({ runId: "r3" }));
  expect(told().filter((event) => event.name === "typing")).toEqual([
    { name: "typing", sessionKey: "main", isTyping: true },
    { name: "typing", sessionKey: "main", isTyping: false },
  ]);
});

test("the turns of a session that is deleted end", () => {
  const { house, told, say } = follow();
  say(received());
  told();
  house.notice({ type: "deleted", key: "other", agentId: "main" });
  expect(told()).toEqual([{ name: "sessions.changed", sessionKey: "other", reason: "delete" }]);
  house.notice({ type: "deleted", key: "main", agentId: "main" });
  expect(told()).toEqual([
    { name: "chat", ...ofRun, state: "aborted", stopReason: "aborted" },
    { name: "typing", sessionKey: "main", isTyping: false },
    { name: "sessions.changed", sessionKey: "main", reason: "delete" },
  ]);
});

test("a session that comes, changes and begins anew is told of, for those who asked", () => {
  const { told, say } = follow();
  say({ kind: "SessionStarted", key: "main", agentId: "main", channel: "internal" });
  say({ kind: "StateChanged", key: "label", value: "x" });
  say(received());
  say(response({ stopReason: "error", problem: { kind: "modelDown", message: "The model is down." } }));
  say({ kind: "SessionEnded", reason: "reset" });
  const changes = told().filter((event) => event.name === "sessions.changed");
  expect(changes.map((event) => event["reason"])).toEqual(["create", "patch", "send", "error", "reset"]);
});

test("what may be left out for a slow reader is what something later makes up for", () => {
  const { droppable, say, stream } = follow();
  say(received());
  stream("a");
  say({ kind: "ToolCalled", runId: "r1", callId: "c", tool: "t", params: {} });
  say(response());
  expect(droppable()).toEqual([
    ["message", false],
    ["typing", true],
    ["sessions.changed", false],
    ["agent.text", true],
    ["chat", true],
    ["agent.tool.start", false],
    ["message", false],
    ["chat", false],
    ["typing", true],
    ["sessions.changed", false],
  ]);
});
